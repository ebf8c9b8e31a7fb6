"""The errors of a regression: learnt when its baseline is made, then told of answers whose truth is not known yet."""

import io
import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import numpy as np
import pandas as pd
import pytest
from django.utils import timezone
from rest_framework.test import APIClient
from sklearn.datasets import load_diabetes

from experiments.actions import datasets
from experiments.models import Dataset, Run
from mlregistry.accounts.actor import Actor
from mlregistry.accounts.models import User
from mlregistry.jobs.inline import run_here
from mlregistry.jobs.models import Job, State
from models_app.actions.versions import register
from models_app.models import ModelVersion
from serving.actions import drift_baselines
from serving.actions.endpoints import VariantSpec, create_endpoint
from serving.model_files import load_whole
from serving.models import Endpoint, Prediction
from serving.queries.routing import handle_of
from tests.models_app.trained import finished_run, fitted

pytestmark = pytest.mark.django_db
Api = Callable[..., APIClient]


def test_the_baseline_of_a_regression_learns_its_errors_on_rows_it_has_not_seen(
    by: Actor, vera: User, api: Api
) -> None:
    """From the training on real rows to the estimate of answers whose truth is not known yet."""
    frame = _patients(700)
    version = _watched(frame, by)
    served = Endpoint.objects.get()
    rows: list[dict[str, Any]] = json.loads(frame.drop(columns="target").to_json(orient="records"))
    truths = frame["target"].to_numpy()
    answers = load_whole(handle_of(version)).score(rows)["predictions"]
    Prediction.objects.bulk_create(
        Prediction(
            endpoint=served, variant="champion", version=version, at=timezone.now() - timedelta(minutes=5),
            latency_seconds=0.001, input=row, output={"prediction": answer},
        )
        for row, answer in zip(rows, answers, strict=True)
    )  # fmt: skip
    found = api(vera).get("/api/v1/endpoints/progression/quality").json()
    assert found["n_truths"] == 0
    assert found["expected"]["mae"] == pytest.approx(np.abs(truths - np.asarray(answers)).mean(), rel=0.2)


def test_too_few_unseen_rows_for_that_are_told(by: Actor, vera: User, api: Api) -> None:
    _watched(_patients(200), by)
    found = api(vera).get("/api/v1/endpoints/progression/quality").json()
    assert found["expected"] == {}
    assert "at least 100 rows; there are 40" in found["why_not"]


def _patients(n: int) -> pd.DataFrame:
    frame: pd.DataFrame = load_diabetes(as_frame=True).frame
    return frame.sample(n, replace=True, random_state=1).reset_index(drop=True)


def _watched(frame: pd.DataFrame, by: Actor) -> ModelVersion:
    """A version that was trained on these rows, behind an endpoint whose baseline is made."""
    dataset = Dataset.objects.create(team=by.team, name="diabetes", created_by=by.user)
    body = io.BytesIO(frame.to_csv(index=False).encode())
    data = datasets.add_version(dataset, body, filename="diabetes.csv", by=by)
    run = finished_run(by, model=fitted("regression"))
    Run.objects.filter(pk=run.pk).update(dataset_version=data, recipe={"estimator": "ridge", "seed": 1})
    run.refresh_from_db()
    version = register(run, "progression", by=by)
    specs: list[VariantSpec] = [{"name": "champion", "version": version, "weight": 100}]
    create_endpoint("progression", variants=specs, by=by)
    drift_baselines.ask_missing()
    done = run_here(Job.objects.get(kind=drift_baselines.KIND))
    assert done.state == State.SUCCEEDED, done.error
    return version
