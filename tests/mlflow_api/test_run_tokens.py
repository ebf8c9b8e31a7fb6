"""Tokens of one run: what they may call for it, and everything that they may not."""

import io
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from pytest_django import Settings
from rest_framework.test import APIClient

from experiments.actions import experiments, runs, trainers
from experiments.actions.trainers import Start
from experiments.models import Experiment, Run
from mlregistry.accounts.actions import tokens
from mlregistry.accounts.actor import Actor
from mlregistry.accounts.models import ApiToken, User
from mlregistry.jobs.models import Job, State
from tests.trainers.zipped import zipped

from .conftest import Mlflow

pytestmark = pytest.mark.django_db
METRIC = {"key": "loss", "value": 1.0, "timestamp": 1}


class Limited:
    """A run of a trainer whose job runs, a run beside it, and a client with the token of the first."""

    def __init__(self, by: Actor) -> None:
        self.by = by
        self.place: Experiment = experiments.create_experiment("Here", by=by)
        self.elsewhere: Experiment = experiments.create_experiment("Elsewhere", by=by)
        archive = io.BytesIO(zipped({"main.py": ""}))
        trainer = trainers.create_trainer("Net", source=archive, by=by)
        self.run, self.job = trainers.start_trainer(trainer, Start(self.place, None, {}, {}), by=by)
        self.other: Run = runs.create_run(self.place, by=by)
        until = timezone.now() + timedelta(hours=1)
        self.token, self.secret = tokens.create_run_token(self.run.pk, team=by.team, expires_at=until, by=by)
        self.client = Mlflow(f"Bearer {self.secret}")
        Job.objects.filter(pk=self.job.pk).update(state=State.RUNNING)


@pytest.fixture
def limited(alice: User, actor_of: Callable[..., Actor], settings: Settings) -> Limited:
    settings.TRAINERS = True
    return Limited(actor_of(alice))


def test_it_logs_to_its_run_and_to_no_other(limited: Limited) -> None:
    post, mine, other = limited.client.post, limited.run.pk.hex, limited.other.pk.hex
    batch: dict[str, Any] = {"metrics": [{**METRIC, "step": 2}], "params": [], "tags": []}
    bodies: dict[str, dict[str, Any]] = {
        "runs/log-metric": METRIC,
        "runs/log-parameter": {"key": "depth", "value": "3"},
        "runs/set-tag": {"key": "note", "value": "x"},
        "runs/log-batch": batch,
        "runs/update": {"status": "FINISHED"},
    }
    for path, body in bodies.items():
        assert post(path, {"run_id": mine, **body})[0] == 200, path
        status, answer = post(path, {"run_id": other, **body})
        assert status == 403, path
        assert f"for the run {mine} alone" in answer["message"]
    assert limited.client.get("runs/get", run_id=mine)[0] == 200
    assert limited.client.get("runs/get", run_id=other)[0] == 403
    assert limited.client.get("experiments/get", experiment_id=str(limited.place.pk))[0] == 200
    assert limited.client.get("experiments/get-by-name", experiment_name="Here")[0] == 200
    assert limited.client.get("experiments/get", experiment_id=str(limited.elsewhere.pk))[0] == 403


def test_it_stores_files_and_models_of_its_run_alone(limited: Limited) -> None:
    folder, place = "/api/2.0/mlflow-artifacts/artifacts", limited.place.pk
    mine, other = (f"{folder}/{place}/{run.pk.hex}/artifacts/a.txt" for run in (limited.run, limited.other))
    assert limited.client.raw("PUT", mine, b"x")[0] == 200
    assert limited.client.raw("GET", mine)[0] == 200
    assert limited.client.raw("PUT", other, b"x")[0] == 403
    assert limited.client.raw("DELETE", mine)[0] == 403
    assert limited.client.raw("PUT", f"{folder}/loose.txt", b"x")[0] == 403
    model = {"experiment_id": str(place), "source_run_id": limited.run.pk.hex, "name": "m"}
    status, answer = limited.client.post("logged-models", model)
    assert status == 200, answer
    key = answer["model"]["info"]["model_id"]
    assert limited.client.get(f"logged-models/{key}")[0] == 200
    foreign = {**model, "source_run_id": limited.other.pk.hex}
    assert limited.client.post("logged-models", foreign)[0] == 403
    assert (
        limited.client.post("logged-models", {**model, "experiment_id": str(limited.elsewhere.pk)})[0] == 403
    )


def test_all_else_is_refused(limited: Limited) -> None:
    mine = limited.run.pk.hex
    for path, body in {
        "runs/delete": {"run_id": mine},
        "runs/restore": {"run_id": mine},
        "runs/create": {"experiment_id": str(limited.place.pk)},
        "runs/search": {"experiment_ids": [str(limited.place.pk)]},
        "experiments/create": {"name": "x"},
        "experiments/delete": {"experiment_id": str(limited.place.pk)},
        "registered-models/create": {"name": "x"},
    }.items():
        assert limited.client.post(path, body)[0] == 403, path
    api = APIClient(HTTP_AUTHORIZATION=f"Bearer {limited.secret}")
    for address in ("/api/v1/trainers/", f"/api/v1/runs/{limited.run.pk}", "/api/v1/tokens/"):
        assert api.get(address).status_code == 403, address


def test_it_counts_while_the_job_runs_and_not_longer(limited: Limited) -> None:
    body = {"run_id": limited.run.pk.hex, **METRIC}
    for state in (State.QUEUED, State.FAILED, State.CANCELLED):
        Job.objects.filter(pk=limited.job.pk).update(state=state)
        assert limited.client.post("runs/log-metric", body)[0] == 403
    Job.objects.filter(pk=limited.job.pk).update(state=State.RUNNING)
    assert limited.client.post("runs/log-metric", body)[0] == 200
    tokens.end_run_token(limited.token, by=limited.by)
    assert limited.client.post("runs/log-metric", body)[0] == 401
    assert ApiToken.objects.get(pk=limited.token.pk).revoked_at is not None
