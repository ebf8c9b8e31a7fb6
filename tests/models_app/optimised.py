"""A trained version to be optimised, and its job run here, for the tests of optimisation."""

import io
from collections.abc import Callable
from typing import Any

from experiments.actions import datasets
from experiments.models import Dataset, Run
from mlregistry.accounts.actor import Actor
from mlregistry.jobs.inline import run_here
from mlregistry.jobs.models import Job, State
from models_app.actions.optimisations import JOB, request_optimisation
from models_app.actions.versions import register
from models_app.models import ModelVersion, Optimisation
from tests.models_app.trained import cancer_frame, finished_run, fitted

ADDRESS = "/api/v1/models/tumour/versions/1/optimisations"
COSTS = [[0, 1], [9, 0]]
QUICK = {"methods": ["compress", "threshold", "replace", "thin"], "tolerance": 0.05, "costs": COSTS}
ActorOf = Callable[..., Actor]


def trained_version(by: Actor) -> ModelVersion:
    """Registered from a run whose data and recipe are known, as training leaves it."""
    dataset = Dataset.objects.create(team=by.team, name="cancer", created_by=by.user)
    body = cancer_frame().to_csv(index=False).encode()
    data = datasets.add_version(dataset, io.BytesIO(body), filename="cancer.csv", by=by)
    found = fitted(seed=1)
    run = finished_run(by, model=found, score=found.result.metrics["test_roc_auc"])
    recipe = {"estimator": "logistic_regression", "seed": 1}
    Run.objects.filter(pk=run.pk).update(dataset_version=data, recipe=recipe)
    run.refresh_from_db()
    return register(run, "tumour", by=by)


def optimised(version: ModelVersion, by: Actor, wish: dict[str, Any] | None = None) -> Optimisation:
    """Asked for, and its job done here."""
    found = request_optimisation(version, wish=wish or QUICK, by=by)
    job = run_here(Job.objects.get(kind=JOB, state=State.QUEUED))
    assert job.state == State.SUCCEEDED, job.error
    found.refresh_from_db()
    return found
