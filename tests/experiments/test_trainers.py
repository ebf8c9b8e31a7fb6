"""Trainers of a team's own: brought, started, held to one run, and told on their pages and by the API."""

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from pytest_django import Settings
from rest_framework.test import APIClient

from experiments.actions import trainers as actions
from experiments.actions.trainers import Start
from experiments.models import DatasetVersion, Experiment, Run, Trainer
from mlregistry.accounts.actor import Actor
from mlregistry.accounts.models import ApiToken, User
from mlregistry.errors import Conflict, Forbidden, Invalid
from mlregistry.jobs.inline import run_here
from mlregistry.jobs.models import Job, State
from tests.trainers.zipped import zipped

pytestmark = pytest.mark.django_db
Api = Callable[..., APIClient]
Web = Callable[[User], Client]
SCRIPT = """
import json, os, sys
given = json.loads(os.environ["MLREGISTRY_PARAMS"])
print("depth", given["depth"])
print("size", os.path.getsize(os.environ["MLREGISTRY_DATASET"]) > 0)
print("run", os.environ["MLFLOW_RUN_ID"], "secret" if os.environ["MLFLOW_TRACKING_TOKEN"] else "")
print("seen", sorted(name for name in os.environ if "DATABASE" in name or "ADMIN" in name or "SECRET" in name))
try:
    open(os.environ["MLREGISTRY_DATASET"], "ab")
except OSError as error:
    print("data", type(error).__name__)
"""


@pytest.fixture
def switched_on(settings: Settings) -> Settings:
    settings.TRAINERS = True
    return settings


@pytest.fixture
def trainer(owner: Actor, switched_on: Settings) -> Trainer:
    return actions.create_trainer("My net", source=io.BytesIO(zipped({"main.py": SCRIPT})), by=owner)


def start(experiment: Experiment, version: DatasetVersion | None = None, **more: Any) -> Start:
    return Start(experiment, version, **{"params": {}, "limits": {}, **more})


def ended(trainer: Trainer, wanted: Start, by: Actor) -> tuple[Run, Job]:
    run, job = actions.start_trainer(trainer, wanted, by=by)
    job = run_here(job)
    run.refresh_from_db()
    return run, job


def test_a_script_runs_with_its_params_data_and_run_and_sees_nothing_of_the_server(
    trainer: Trainer,
    experiment: Experiment,
    version: DatasetVersion,
    owner: Actor,
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("MLREGISTRY_ADMIN_TOKEN", "s3cret")
    run, job = ended(trainer, start(experiment, version, params={"depth": 3}), owner)
    assert (job.state, job.error, run.status, run.error) == (State.SUCCEEDED, "", "FINISHED", "")
    told = capfd.readouterr().out
    for line in ("depth 3", "size True", f"run {run.pk.hex} secret", "seen []", "data PermissionError"):
        assert line in told
    token = ApiToken.objects.get(only_run=run.pk)
    assert token.revoked_at is not None
    assert run.tags.get(key="mlregistry.trainer").value == str(trainer.pk)
    assert job.max_attempts == 1


def test_a_script_that_fails_ends_its_run_with_the_reason(
    experiment: Experiment, owner: Actor, switched_on: Settings
) -> None:
    source = io.BytesIO(zipped({"main.py": "raise SystemExit('no such column: age')\n"}))
    run, job = ended(actions.create_trainer("Bad", source=source, by=owner), start(experiment), owner)
    assert (run.status, job.state) == ("FAILED", State.FAILED)
    assert "no such column: age" in run.error
    assert run.error in job.error


def test_a_trainer_that_was_deleted_or_switched_off_meanwhile_fails_its_run(
    trainer: Trainer, experiment: Experiment, owner: Actor, switched_on: Settings
) -> None:
    first, first_job = actions.start_trainer(trainer, start(experiment), by=owner)
    second, second_job = actions.start_trainer(trainer, start(experiment), by=owner)
    switched_on.TRAINERS = False
    run_here(first_job)
    switched_on.TRAINERS = True
    actions.delete_trainer(trainer, by=owner)
    run_here(second_job)
    first.refresh_from_db()
    second.refresh_from_db()
    assert "switched off" in first.error
    assert "deleted" in second.error


def test_only_owners_bring_and_start_and_only_where_the_operator_allows(
    trainer: Trainer, experiment: Experiment, editor: Actor, owner: Actor, switched_on: Settings
) -> None:
    with pytest.raises(Forbidden, match="owner"):
        actions.start_trainer(trainer, start(experiment), by=editor)
    with pytest.raises(Forbidden, match="owner"):
        actions.create_trainer("Mine", source=io.BytesIO(zipped({"main.py": ""})), by=editor)
    with pytest.raises(Forbidden):
        actions.delete_trainer(trainer, by=editor)
    switched_on.TRAINERS = False
    with pytest.raises(Forbidden, match="MLREGISTRY_TRAINERS=1"):
        actions.start_trainer(trainer, start(experiment), by=owner)


def test_entry_points_are_those_of_the_operator(
    owner: Actor, experiment: Experiment, switched_on: Settings
) -> None:
    switched_on.TRAINER_ENTRY_POINTS = ["this:missing", "platform:python_version"]
    for entry, told in (
        ("os:getcwd", "allows these"),
        ("os.system('x')", "module:function"),
        ("", "zip archive"),
    ):
        with pytest.raises(Invalid, match=told):
            actions.create_trainer("Entry", entry=entry, by=owner)
    with pytest.raises(Invalid, match="leave the requirements out"):
        actions.create_trainer("Entry", entry="this:missing", requirements_text="numpy==2", by=owner)
    good = actions.create_trainer("Good", entry="platform:python_version", by=owner)
    run, _ = ended(good, start(experiment), owner)
    assert run.status == "FINISHED", run.error
    run, _ = ended(actions.create_trainer("Bad", entry="this:missing", by=owner), start(experiment), owner)
    assert "missing" in run.error


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"limits": {"wall_seconds": 0}}, "limits.wall_seconds"),
        ({"limits": {"memory_mb": 10**9}}, "limits.memory_mb"),
        ({"limits": {"memory_mb": "2 GB"}}, "limits.memory_mb"),
        ({"limits": {"files": 1}}, "limits"),
        ({"params": {"x": "y" * 70_000}}, "params"),
        ({"params": {"x": float("nan")}}, "params"),
        ({"params": {f"p{n}": 1 for n in range(101)}}, "params"),
    ],
)
def test_limits_and_params_that_are_wrong_are_named(
    trainer: Trainer, experiment: Experiment, owner: Actor, more: dict[str, Any], field: str
) -> None:
    with pytest.raises(Invalid) as error:
        actions.start_trainer(trainer, start(experiment, **more), by=owner)
    assert error.value.field == field


def test_a_name_comes_once_and_another_team_sees_nothing(
    trainer: Trainer, experiment: Experiment, owner: Actor, stranger: Actor, api: Api, charlie: User
) -> None:
    with pytest.raises(Conflict, match="already"):
        actions.create_trainer("My net", source=io.BytesIO(zipped({"main.py": ""})), by=owner)
    assert api(charlie).get(f"/api/v1/trainers/{trainer.pk}").status_code == 404
    assert api(charlie).get("/api/v1/trainers/").json()["results"] == []


def test_the_api_brings_lists_starts_and_deletes(
    switched_on: Settings, api: Api, alice: User, bob: User, vera: User, experiment: Experiment
) -> None:
    archive = SimpleUploadedFile("net.zip", zipped({"main.py": "print(1)", "requirements.txt": "a==1\n"}))
    made = api(alice).post("/api/v1/trainers/?name=Net", {"file": archive}, format="multipart")
    assert made.status_code == 201, made.content
    assert (made.json()["name"], made.json()["requirements"]) == ("Net", ["a==1"])
    address = f"/api/v1/trainers/{made.json()['id']}"
    assert api(vera).get(address).json()["n_files"] == 2
    body = {"experiment": experiment.pk, "params": {"a": [1]}, "limits": {"wall_seconds": 5}}
    assert api(bob).post(f"{address}/runs", body, format="json").status_code == 403
    started = api(alice).post(f"{address}/runs", body, format="json")
    assert started.status_code == 202, started.content
    job = Job.objects.get(pk=started.json()["job"])
    assert job.args["limits"]["wall_seconds"] == 5
    bad = api(alice).post(f"{address}/runs", {**body, "limits": {"wall_seconds": "x"}}, format="json")
    assert bad.status_code == 400
    broken = SimpleUploadedFile("net.zip", b"nonsense")
    assert api(alice).post("/api/v1/trainers/", {"file": broken}, format="multipart").status_code == 400
    entry = api(alice).post("/api/v1/trainers/", {"name": "E", "entry": "os:getcwd"}, format="json")
    assert entry.status_code == 400
    assert api(bob).delete(address).status_code == 403
    assert api(alice).delete(address).status_code == 204


def test_pages_show_bring_and_start(
    switched_on: Settings, web: Web, alice: User, bob: User, experiment: Experiment, version: DatasetVersion
) -> None:
    assert "Bring a trainer" not in web(bob).get("/trainers/").content.decode()
    assert "Bring a trainer" in web(alice).get("/trainers/").content.decode()
    archive = SimpleUploadedFile("net.zip", zipped({"main.py": "print(1)"}))
    answer = web(alice).post("/trainers/", {"file": archive, "requirements": ""})
    trainer = Trainer.objects.get(name="net")
    assert answer["Location"] == f"/trainers/{trainer.pk}/"
    form = {"experiment": experiment.pk, "version": version.pk, "params": '{"depth": 2}', "wall_seconds": "9"}
    assert web(bob).post(f"/trainers/{trainer.pk}/", form).status_code == 403
    refused = web(alice).post(f"/trainers/{trainer.pk}/", {**form, "params": "{"})
    assert refused.status_code == 400
    assert "no JSON" in refused.content.decode()
    assert web(alice).post(f"/trainers/{trainer.pk}/", form).status_code == 302
    run = Run.objects.get(job__kind=actions.KIND)
    assert str(run.pk) in web(bob).get(f"/trainers/{trainer.pk}/").content.decode()
    switched_on.TRAINERS = False
    assert "Switched off" in web(alice).get("/trainers/").content.decode()
    assert web(alice).post(f"/trainers/{trainer.pk}/delete").status_code == 302


def test_a_folder_of_the_trainer_is_gone_afterwards(
    trainer: Trainer, experiment: Experiment, owner: Actor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    ended(trainer, start(experiment, params={"depth": 1}), owner)
    assert list(tmp_path.glob("trainer-*")) == []
