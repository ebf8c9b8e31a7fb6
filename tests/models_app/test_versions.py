"""Registering models of runs: numbers, files, refusals."""

import threading
from collections.abc import Callable

import pytest
from django.db import connection, transaction

from experiments.actions import artifacts
from experiments.models import Run, RunStatus
from mlregistry.accounts.actor import Actor
from mlregistry.accounts.models import AuditEvent, User
from mlregistry.artifacts import store
from mlregistry.errors import Conflict, Forbidden, Invalid
from models_app.actions.models import create_model
from models_app.actions.versions import delete_version, register, register_best
from models_app.models import Alias, ModelVersion, RegisteredModel
from models_app.queries.lineage import lineage
from tests.models_app.trained import finished_run

ActorOf = Callable[..., Actor]


def test_a_version_takes_files_signature_example_and_metrics_from_its_run(
    bob: User, actor_of: ActorOf
) -> None:
    by = actor_of(bob)
    run = finished_run(by, score=0.93)
    version = register(run, "tumour", by=by)
    assert (version.number, version.run_id) == (1, run.pk)
    assert version.signature == run.signature
    assert version.input_example == run.input_example
    assert version.metrics["test_roc_auc"] == 0.93
    files = {file.format: file for file in version.files.all()}
    assert set(files) == {"joblib", "skops"}
    assert all(file.trained_here for file in files.values())
    assert AuditEvent.objects.filter(action="version.register", user=bob).exists()


def test_an_uploaded_model_is_not_taken_for_one_that_was_trained_here(bob: User, actor_of: ActorOf) -> None:
    by = actor_of(bob)
    version = register(finished_run(by, saved_by=by), "tumour", by=by)
    assert not any(file.trained_here for file in version.files.all())


def test_a_file_overwritten_by_a_person_loses_its_trust(bob: User, actor_of: ActorOf) -> None:
    by = actor_of(bob)
    run = finished_run(by)
    stored = run.artifacts.get(path="model/model.joblib")
    with store.local_path(stored.file) as path:
        artifacts.save_artifact(run, "model/model.joblib", path, by=by)
    version = register(run, "tumour", by=by)
    assert {file.format: file.trained_here for file in version.files.all()} == {
        "joblib": False,
        "skops": True,
    }


def test_numbers_go_on_after_a_deleted_version(bob: User, actor_of: ActorOf) -> None:
    by = actor_of(bob)
    run = finished_run(by)
    delete_version(register(run, "tumour", by=by), by=by)
    assert register(run, "tumour", by=by).number == 2


@pytest.mark.parametrize("status", [RunStatus.RUNNING, RunStatus.FAILED, RunStatus.KILLED])
def test_an_unfinished_run_cannot_be_registered(status: str, bob: User, actor_of: ActorOf) -> None:
    by = actor_of(bob)
    run = finished_run(by)
    Run.objects.filter(pk=run.pk).update(status=status)
    run.refresh_from_db()
    with pytest.raises(Conflict, match="finished run"):
        register(run, "tumour", by=by)
    assert not RegisteredModel.objects.exists()


def test_a_run_without_a_model_cannot_be_registered(bob: User, actor_of: ActorOf) -> None:
    by = actor_of(bob)
    run = finished_run(by)
    run.artifacts.all().delete()
    with pytest.raises(Invalid, match="holds no model"):
        register(run, "tumour", by=by)


def test_a_run_of_another_team_cannot_be_registered(bob: User, charlie: User, actor_of: ActorOf) -> None:
    run = finished_run(actor_of(bob))
    with pytest.raises(Invalid, match="another team"):
        register(run, "tumour", by=actor_of(charlie))


def test_a_viewer_cannot_register(vera: User, bob: User, actor_of: ActorOf) -> None:
    run = finished_run(actor_of(bob))
    with pytest.raises(Forbidden):
        register(run, "tumour", by=actor_of(vera))


@pytest.mark.parametrize("name", ["", "  ", "a/b", "a:b", "a\x00b", "x" * 257])
def test_a_model_needs_a_usable_name(name: str, bob: User, actor_of: ActorOf) -> None:
    with pytest.raises(Invalid) as raised:
        create_model(name, by=actor_of(bob))
    assert raised.value.field == "name"


def test_a_taken_name_is_a_conflict(bob: User, actor_of: ActorOf) -> None:
    create_model("tumour", by=actor_of(bob))
    with pytest.raises(Conflict, match="already"), transaction.atomic():
        create_model("tumour", by=actor_of(bob))


def test_the_best_run_is_registered_under_an_alias(bob: User, actor_of: ActorOf) -> None:
    by = actor_of(bob)
    finished_run(by, name="weak", score=0.7)
    best = finished_run(by, name="strong", score=0.95)
    baseline = finished_run(by, name="baseline", score=0.99)
    Run.objects.filter(pk=baseline.pk).update(is_baseline=True)
    version = register_best(best.experiment, "tumour", alias="champion", by=by)
    assert version.run == best
    assert Alias.objects.get(name="champion").version == version


def test_lineage_leads_back_to_run_and_problem(bob: User, actor_of: ActorOf) -> None:
    by = actor_of(bob)
    run = finished_run(by)
    found = lineage(register(run, "tumour", by=by))
    assert found["run"]["id"] == run.pk.hex
    assert found["problem"]["target"] == "target"
    assert found["dataset_version"] is None
    assert {file["format"] for file in found["files"]} == {"joblib", "skops"}


def take_back(run: Run, by: Actor) -> None:
    """Registers a version in a transaction that is rolled back: its number is given again."""
    with transaction.atomic():
        register(run, "tumour", by=by)
        transaction.set_rollback(True)


@pytest.mark.django_db(transaction=True)
def test_versions_registered_at_once_are_numbered_without_gaps(bob: User, actor_of: ActorOf) -> None:
    by = actor_of(bob)
    run = finished_run(by)
    failures: list[BaseException] = []

    def work() -> None:
        try:
            for attempt in range(5):
                if attempt == 2:
                    take_back(run, by)
                register(run, "tumour", by=by)
        except BaseException as error:
            failures.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=work) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert failures == []
    numbers = sorted(ModelVersion.objects.values_list("number", flat=True))
    assert numbers == list(range(1, 31))


def test_the_query_of_a_location_stays_behind_the_place_of_the_files(bob: User, actor_of: ActorOf) -> None:
    by = actor_of(bob)
    run = finished_run(by)
    run.experiment.artifact_location = "s3://bucket/place?endpoint=one"
    run.experiment.save()
    version = register(run, "churn", by=by)
    assert version.storage_location == f"s3://bucket/place/{run.pk.hex}/artifacts/model?endpoint=one"
