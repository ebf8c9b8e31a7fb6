"""What the tests of serving stand on: routing of their own, versions of real models, endpoints."""

import io
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from pytest_django import Settings

from experiments.actions import datasets
from experiments.models import Dataset, Run
from mlregistry.accounts.actor import Actor
from mlregistry.accounts.models import User
from mlregistry.jobs.inline import run_here
from mlregistry.jobs.models import Job, State
from models_app.actions.versions import register
from models_app.models import ModelVersion
from serving import live_routing
from serving.actions import drift_baselines
from serving.actions.endpoints import VariantSpec, create_endpoint
from serving.models import Endpoint
from serving.queries import abtests
from tests.models_app.trained import cancer_frame, finished_run, fitted

ROW = {str(name): value for name, value in cancer_frame().iloc[0].to_dict().items() if name != "target"}


@pytest.fixture(autouse=True)
def _own_routing() -> Iterator[None]:
    """No thread outlives a test, and no test sees another's endpoints."""
    live_routing.reset()
    yield
    live_routing.reset()


@pytest.fixture(autouse=True)
def _no_grace(monkeypatch: pytest.MonkeyPatch) -> None:
    """A test of a test need not wait until every process has heard of new weights."""
    monkeypatch.setattr(abtests, "GRACE", timedelta())


@pytest.fixture(autouse=True)
def _no_gate(settings: Settings) -> None:
    """Whether versions were tested is the matter of test_gated_promotion alone."""
    settings.MODEL_GATE = False


@pytest.fixture
def by(bob: User, actor_of: Callable[..., Actor]) -> Actor:
    """Bob, who edits."""
    return actor_of(bob)


@pytest.fixture
def versions(by: Actor) -> list[ModelVersion]:
    """Two versions of one model, fitted on different splits."""
    return [
        register(finished_run(by, name=f"seed {n}", model=fitted(seed=n)), "tumour", by=by) for n in (1, 2)
    ]


def two_variants(versions: list[ModelVersion], *weights: float) -> list[VariantSpec]:
    names = ("champion", "challenger")
    return [
        {"name": name, "version": version, "weight": weight}
        for name, version, weight in zip(names, versions, weights, strict=True)
    ]


@pytest.fixture
def endpoint(by: Actor, versions: list[ModelVersion]) -> Endpoint:
    return create_endpoint("tumour", variants=two_variants(versions, 90, 10), by=by)


@pytest.fixture
def known(by: Actor) -> ModelVersion:
    """Registered from a run whose data is known, as training leaves it."""
    dataset = Dataset.objects.create(team=by.team, name="cancer", created_by=by.user)
    body = cancer_frame().to_csv(index=False).encode()
    data = datasets.add_version(dataset, io.BytesIO(body), filename="cancer.csv", by=by)
    run = finished_run(by, model=fitted(seed=1))
    recipe = {"estimator": "logistic_regression", "seed": 1}
    Run.objects.filter(pk=run.pk).update(dataset_version=data, recipe=recipe)
    run.refresh_from_db()
    return register(run, "tumour", by=by)


@pytest.fixture
def watched(known: ModelVersion, by: Actor) -> Endpoint:
    """An endpoint whose one version has a baseline."""
    served = create_endpoint(
        "tumour", variants=[{"name": "champion", "version": known, "weight": 100}], by=by
    )
    drift_baselines.ask_missing()
    done = run_here(Job.objects.get(kind=drift_baselines.KIND))
    assert done.state == State.SUCCEEDED, done.error
    return served
