"""The trash: what it lists, restoring, and a purge that leaves nothing behind."""

import io
from collections.abc import Callable
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.apps import apps
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import timezone
from pytest_django import Settings
from rest_framework.test import APIClient

from experiments.actions import artifacts, inputs, trash
from experiments.actions import experiments as experiment_actions
from experiments.actions import logged_models as model_actions
from experiments.actions import logging as log_actions
from experiments.actions import runs as run_actions
from experiments.actions.erasing import drain
from experiments.actions.inputs import DatasetInput
from experiments.actions.measurements import Metric
from experiments.models import Artifact, Experiment, LoggedModel, MetricChunk, PurgedRun, Run
from experiments.queries import space
from experiments.queries import trash as queries
from experiments.queries.trash import Selection
from experiments.workers import trash as worker
from mlregistry.accounts.actions import teams
from mlregistry.accounts.actor import Actor
from mlregistry.accounts.models import AuditEvent, Team, User
from mlregistry.artifacts import store
from mlregistry.artifacts.models import StoredFile
from mlregistry.errors import AlreadyExists, Conflict, Forbidden, Invalid, NotFound
from mlregistry.jobs.context import JobCancelled
from mlregistry.jobs.inline import run_here
from mlregistry.jobs.models import Schedule, State
from mlregistry.jobs.queue import enqueue
from models_app.models import ModelVersion, RegisteredModel

pytestmark = pytest.mark.django_db
Api = Callable[..., APIClient]


def full_run(experiment: Experiment, by: Actor, content: bytes = b"weights") -> Run:
    """A run with a row of every kind that a run can have."""
    run = run_actions.create_run(experiment, tags={"a": "b"}, by=by)
    model = model_actions.create_logged_model(experiment, name="net", source_run=run, by=by)
    metrics = [Metric("loss", 1.0 / (step + 1), step, step) for step in range(50)]
    metrics.append(Metric("acc", 0.5, 0, 0, model.model_id))
    log_actions.log_batch(run, metrics=metrics, params={"lr": "1"}, by=by)
    log_actions.set_curves(run, {"roc": [1, 2]}, by=by)
    inputs.log_inputs(run, datasets=[DatasetInput("d", "1", "local", "x")], models=[model.model_id], by=by)
    artifacts.save_artifact(run, "model/w.bin", io.BytesIO(content), by=by)
    artifacts.save_artifact(model, "w.bin", io.BytesIO(content + b" of the model"), by=by)
    return run


def rows_of(run: Run) -> dict[str, int]:
    """How many rows of each table refer to the run, in any column."""
    found = {}
    for model in apps.get_app_config("experiments").get_models():
        for field in model._meta.concrete_fields:
            if field.related_model is Run:
                n_rows = model._base_manager.filter(**{field.attname: run.pk}).count()
                if n_rows:
                    found[f"{model.__name__}.{field.name}"] = n_rows
    return found


def bytes_in_store(keys: list[str]) -> list[str]:
    return [key for key in keys if store._storage().exists(key)]


def test_the_trash_says_what_was_deleted_by_whom_and_how_much_room_it_takes(
    experiment: Experiment, editor: Actor, owner: Actor
) -> None:
    run = full_run(experiment, editor)
    gone = experiment_actions.create_experiment("Old", by=editor)
    full_run(gone, editor, b"four")
    run_actions.delete_run(run, by=editor)
    experiment_actions.delete_experiment(gone, by=owner)
    entries, token = queries.page(editor.team.pk)
    assert [(one.kind, one.name, one.deleted_by, one.n_runs, one.size) for one in entries] == [
        ("experiment", "Old", "alice", 1, len(b"four") + len(b"four of the model")),
        ("run", run.name, "bob", None, len(b"weights")),
    ]
    assert token is None
    totals = queries.totals(editor.team.pk)
    assert (totals.n_experiments, totals.n_runs, totals.n_logged_models) == (1, 1, 0)
    assert totals.size == sum(one.size for one in entries)


def test_the_trash_is_read_page_by_page_and_kind_by_kind(experiment: Experiment, editor: Actor) -> None:
    for _ in range(5):
        run_actions.delete_run(run_actions.create_run(experiment, by=editor), by=editor)
    model = model_actions.create_logged_model(experiment, by=editor)
    model_actions.delete_logged_model(model, by=editor)
    seen: list[str] = []
    token: str | None = ""
    while token is not None:
        entries, token = queries.page(editor.team.pk, limit=2, page_token=token)
        seen += [one.id for one in entries]
    assert (len(seen), len(set(seen))) == (6, 6)
    assert [one.id for one in queries.page(editor.team.pk, kind="logged_model")[0]] == [str(model.pk)]
    assert len(queries.page(editor.team.pk, kind="run")[0]) == 5
    for wrong in ({"kind": "dataset"}, {"limit": 0}, {"page_token": "x"}):
        with pytest.raises(Invalid):
            queries.page(editor.team.pk, **wrong)


def test_a_purged_run_leaves_no_row_and_no_byte_behind(
    experiment: Experiment, editor: Actor, owner: Actor
) -> None:
    run, other = full_run(experiment, editor), full_run(experiment, editor)
    assert len(rows_of(run)) >= 9
    keys = list(Artifact.objects.filter(run=run).values_list("file__key", flat=True))
    untouched = rows_of(other)
    run_actions.delete_run(run, by=editor)
    trash.purge(Selection(runs=(run.pk,)), by=owner)
    assert rows_of(run) == {}
    assert not Run.objects.filter(pk=run.pk).exists()
    assert rows_of(other) == untouched
    assert not PurgedRun.objects.exists()
    assert StoredFile.objects.filter(key__in=keys).exists(), "the other run refers to the same bytes"
    assert AuditEvent.objects.filter(action="run.purge", target_id=str(run.pk)).count() == 1


def test_files_go_with_the_last_run_that_refers_to_them(
    experiment: Experiment, editor: Actor, owner: Actor, django_capture_on_commit_callbacks: Any
) -> None:
    run = full_run(experiment, editor, b"only here")
    keys = list(Artifact.objects.filter(run=run).values_list("file__key", flat=True))
    run_actions.delete_run(run, by=editor)
    with django_capture_on_commit_callbacks(execute=True):
        done = trash.purge(Selection(runs=(run.pk,)), by=owner)
    assert done.n_bytes == len(b"only here")
    assert not StoredFile.objects.filter(key__in=keys).exists()
    assert bytes_in_store(keys) == []


def test_a_purged_experiment_frees_its_name(experiment: Experiment, editor: Actor, owner: Actor) -> None:
    run = full_run(experiment, editor)
    experiment_actions.delete_experiment(experiment, by=editor)
    with pytest.raises(AlreadyExists, match=f"restore experiment {experiment.pk}"):
        experiment_actions.create_experiment(experiment.name, by=editor)
    done = trash.purge(Selection(experiments=(experiment.pk,)), by=owner)
    assert (done.n_experiments, done.n_runs, done.kept) == (1, 1, [])
    assert rows_of(run) == {}
    assert not LoggedModel.objects.exists()
    assert not StoredFile.objects.exists()
    assert experiment_actions.create_experiment(experiment.name, by=editor).pk != experiment.pk


def test_what_is_not_deleted_is_never_purged(experiment: Experiment, editor: Actor, owner: Actor) -> None:
    run = full_run(experiment, editor)
    done = trash.purge(Selection((experiment.pk,), (run.pk,)), by=owner)
    assert (done.n_experiments, done.n_runs) == (0, 0)
    assert rows_of(run)


def test_nothing_of_another_team_is_purged(experiment: Experiment, editor: Actor, stranger: Actor) -> None:
    run = full_run(experiment, editor)
    model = LoggedModel.objects.get(source_run=run)
    model_actions.delete_logged_model(model, by=editor)
    experiment_actions.delete_experiment(experiment, by=editor)
    chosen = Selection((experiment.pk,), (run.pk,), (model.pk,))
    trash.purge(chosen, by=stranger)
    assert rows_of(run)
    assert LoggedModel.objects.filter(pk=model.pk).exists()
    for refused in (trash.start_purge, trash.restore):
        with pytest.raises(NotFound):
            refused(chosen, by=stranger)


def test_only_owners_purge_and_only_editors_restore(
    experiment: Experiment, editor: Actor, viewer: Actor
) -> None:
    experiment_actions.delete_experiment(experiment, by=editor)
    chosen = Selection(experiments=(experiment.pk,))
    for purge in (trash.start_purge, trash.purge):
        with pytest.raises(Forbidden):
            purge(chosen, by=editor)
    with pytest.raises(Forbidden):
        trash.restore(chosen, by=viewer)
    trash.restore(chosen, by=editor)
    experiment.refresh_from_db()
    assert experiment.lifecycle == "active"


def test_what_a_model_version_holds_stays_and_says_why(
    experiment: Experiment, editor: Actor, owner: Actor
) -> None:
    held, free = full_run(experiment, editor), full_run(experiment, editor)
    model = RegisteredModel.objects.create(team=owner.team, name="churn")
    version = ModelVersion.objects.create(model=model, number=3, run=held)
    for run in (held, free):
        run_actions.delete_run(run, by=editor)
    chosen = Selection(runs=(held.pk, free.pk))
    with pytest.raises(Conflict, match="churn v3"):
        trash.start_purge(chosen, by=owner)
    done = trash.purge(chosen, by=owner)
    assert done.n_runs == 1
    assert done.kept == [f"The run {held.pk.hex} is held by churn v3"]
    assert Run.objects.filter(pk=held.pk).exists()
    experiment_actions.delete_experiment(experiment, by=editor)
    done = trash.purge(Selection(experiments=(experiment.pk,)), by=owner)
    assert done.kept == [f"The experiment {experiment.pk} has runs that are held by churn v3"]
    version.delete()
    assert trash.purge(Selection(experiments=(experiment.pk,)), by=owner).n_experiments == 1


def test_a_long_history_goes_in_pieces_and_a_purge_that_was_stopped_goes_on(
    experiment: Experiment, editor: Actor, owner: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = run_actions.create_run(experiment, by=editor)
    for step in range(25):
        log_actions.log_batch(run, metrics=[Metric("loss", 1.0, step, step)], by=editor)
    run_actions.delete_run(run, by=editor)

    def stop() -> int:
        raise RuntimeError("killed")

    monkeypatch.setattr(trash, "drain", stop)
    with pytest.raises(RuntimeError):
        trash.purge(Selection(runs=(run.pk,)), by=owner)
    trash_then = [trash._purge_runs([run.pk], trash.Purged(), owner)]
    assert trash_then == [set()]
    assert MetricChunk.objects.filter(run_id=run.pk).count() == 25
    monkeypatch.setattr("experiments.actions.erasing.CHUNKS_AT_ONCE", 10)
    assert drain() == 25
    assert not MetricChunk.objects.filter(run_id=run.pk).exists()
    assert not PurgedRun.objects.exists()


def test_the_whole_trash_is_emptied_by_a_job(experiment: Experiment, editor: Actor, owner: Actor) -> None:
    run = full_run(experiment, editor)
    model = LoggedModel.objects.get(source_run=run)
    run_actions.delete_run(run, by=editor)
    model_actions.delete_logged_model(model, by=editor)
    gone = experiment_actions.create_experiment("Gone", by=editor)
    experiment_actions.delete_experiment(gone, by=editor)
    job = run_here(trash.start_purge(None, by=owner))
    assert job.state == State.SUCCEEDED, job.error
    assert job.result is not None
    assert job.result["n_experiments"] == job.result["n_runs"] == job.result["n_logged_models"] == 1
    assert queries.totals(owner.team.pk) == queries.Totals(0, 0, 0, 0)
    assert AuditEvent.objects.get(action="run.purge").user == owner.user


def test_a_chosen_purge_is_a_job_too(experiment: Experiment, editor: Actor, owner: Actor) -> None:
    experiment_actions.delete_experiment(experiment, by=editor)
    job = run_here(trash.start_purge(Selection(experiments=(experiment.pk,)), by=owner))
    assert job.state == State.SUCCEEDED, job.error
    assert not Experiment.objects.filter(pk=experiment.pk).exists()


def age(**ago: float) -> None:
    """As if all of the trash had been deleted so long ago."""
    moment = timezone.now() - timedelta(**ago)
    Experiment.objects.filter(lifecycle="deleted").update(updated_at=moment)
    Run.objects.filter(lifecycle="deleted").update(deleted_at=moment)


def test_what_is_old_goes_daily_when_the_operator_says_so(
    experiment: Experiment, editor: Actor, settings: Settings
) -> None:
    worker.ensure_schedule()
    assert not Schedule.objects.filter(name=worker.OLD).exists()
    settings.TRASH_DAYS = 30
    worker.ensure_schedule()
    assert Schedule.objects.get(name=worker.OLD).kind == "experiments.purge_old"
    experiment_actions.delete_experiment(experiment, by=editor)
    age(days=31)
    young = experiment_actions.create_experiment("Young", by=editor)
    experiment_actions.delete_experiment(young, by=editor)
    run_here(_enqueue_old())
    assert list(Experiment.objects.values_list("name", flat=True)) == ["Young"]
    settings.TRASH_DAYS = 0
    worker.ensure_schedule()
    assert not Schedule.objects.filter(name=worker.OLD).exists()


def _enqueue_old() -> Any:
    return enqueue(worker.OLD, args={}, team=None, title="old", by=None)


def test_gc_removes_what_is_old_enough_of_the_team_that_is_named(
    experiment: Experiment, editor: Actor, stranger: Actor
) -> None:
    foreign = experiment_actions.create_experiment("Theirs", by=stranger)
    for one, by in ((experiment, editor), (foreign, stranger)):
        experiment_actions.delete_experiment(one, by=by)
    age(days=3)
    out = StringIO()
    call_command("gc", older_than="3d12h", stdout=out)
    call_command("gc", older_than="2d", dry_run=True, stdout=out)
    assert "lab: 1 experiments" in out.getvalue()
    assert Experiment.objects.filter(lifecycle="deleted").count() == 2
    call_command("gc", older_than="2d", team="lab", stdout=out)
    assert "lab: 1 experiments, 0 runs" in out.getvalue()
    assert list(Experiment.objects.filter(lifecycle="deleted")) == [foreign]
    call_command("gc", stdout=out)
    assert not Experiment.objects.filter(lifecycle="deleted").exists()
    for wrong in ({"older_than": "soon"}, {"older_than": ""}, {"team": "nowhere"}):
        with pytest.raises(CommandError):
            call_command("gc", stdout=out, **wrong)


def test_a_team_with_experiments_cannot_be_deleted_so_no_metric_is_left_without_one(
    experiment: Experiment, editor: Actor, owner: Actor
) -> None:
    run = full_run(experiment, editor)
    experiment_actions.delete_experiment(experiment, by=editor)
    with pytest.raises(Conflict, match="not empty"):
        teams.delete_team(owner.team, by=owner)
    assert rows_of(run)
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM experiments_metricchunk WHERE run_id NOT IN "
                       "(SELECT id FROM experiments_run)")  # fmt: skip
        assert cursor.fetchone() == (0,)


def test_a_team_that_goes_with_all_it_had_leaves_no_metric_behind(
    other_team: Team, stranger: Actor, charlie: User
) -> None:
    full_run(experiment_actions.create_experiment("Theirs", by=stranger), stranger)
    Artifact.objects.all().delete()
    StoredFile.objects.all().delete()
    User.objects.update(default_team=None)
    other_team.delete()
    assert not MetricChunk.objects.exists()


def test_room_is_told_of_runs_and_experiments_each_file_once(experiment: Experiment, editor: Actor) -> None:
    run = run_actions.create_run(experiment, by=editor)
    other = run_actions.create_run(experiment, by=editor)
    for place, path in ((run, "a"), (run, "b/a"), (other, "a")):
        artifacts.save_artifact(place, path, io.BytesIO(b"12345"), by=editor)
    artifacts.save_artifact(other, "c", io.BytesIO(b"123"), by=editor)
    assert (space.of_run(run.pk), space.of_run(other.pk), space.of_experiment(experiment.pk)) == (5, 8, 8)


def test_the_api_lists_restores_and_purges(
    experiment: Experiment, editor: Actor, api: Api, alice: User, bob: User, vera: User, charlie: User
) -> None:
    run = full_run(experiment, editor)
    model = LoggedModel.objects.get(source_run=run)
    run_actions.delete_run(run, by=editor)
    model_actions.delete_logged_model(model, by=editor)
    got = api(vera).get("/api/v1/trash/").json()
    assert {(one["kind"], one["id"]) for one in got["results"]} == {
        ("run", str(run.pk)),
        ("logged_model", model.model_id),
    }
    assert api(vera).get("/api/v1/trash/?kind=experiment").json()["results"] == []
    assert api(vera).get("/api/v1/trash/?page_size=0").status_code == 400
    body = {"runs": [str(run.pk)], "logged_models": [model.model_id]}
    assert api(vera).post("/api/v1/trash/restore", body, format="json").status_code == 403
    assert api(charlie).post("/api/v1/trash/restore", body, format="json").status_code == 404
    assert api(bob).post("/api/v1/trash/restore", body, format="json").status_code == 204
    assert api(bob).post("/api/v1/trash/restore", body, format="json").status_code == 404
    for wrong in ({}, {"runs": ["x"]}, {"logged_models": ["x"]}, {"everything": True, **body}, {"every": 1}):
        assert api(alice).post("/api/v1/trash/purge", wrong, format="json").status_code == 400, wrong
    run_actions.delete_run(Run.objects.get(pk=run.pk), by=editor)
    assert api(bob).post("/api/v1/trash/purge", {"everything": True}, format="json").status_code == 403
    answer = api(alice).post("/api/v1/trash/purge", {"everything": True}, format="json")
    assert (answer.status_code, set(answer.json())) == (202, {"job"})


def test_the_api_tells_the_room_and_removes_a_folder_of_files(
    experiment: Experiment, editor: Actor, api: Api, bob: User, vera: User
) -> None:
    run = run_actions.create_run(experiment, by=editor)
    for path in ("plots/a.png", "plots/deep/b.png", "plots2/c.png"):
        artifacts.save_artifact(run, path, io.BytesIO(path.encode()), by=editor)
    files = f"/api/v1/runs/{run.pk}/artifacts"
    assert api(vera).get(f"/api/v1/runs/{run.pk}").json()["size"] == 11 + 16 + 12
    assert api(vera).get(f"/api/v1/experiments/{experiment.pk}").json()["size"] == 11 + 16 + 12
    assert api(vera).delete(f"{files}?path=plots").status_code == 403
    assert api(bob).delete(f"{files}?path=plot").status_code == 404
    for wrong in ("", "?path=", "?path=../x", "?path=/"):
        assert api(bob).delete(files + wrong).status_code == 400, wrong
    assert api(bob).delete(f"{files}?path=plots/").status_code == 204
    assert list(run.artifacts.values_list("path", flat=True)) == ["plots2/c.png"]
    assert api(vera).get(f"/api/v1/runs/{run.pk}").json()["size"] == 12


def test_a_cancelled_purge_has_removed_whole_runs_and_goes_on_later(
    experiment: Experiment, editor: Actor, owner: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    runs = [full_run(experiment, editor) for _ in range(3)]
    for run in runs:
        run_actions.delete_run(run, by=editor)
    chosen = Selection(runs=tuple(run.pk for run in runs))
    monkeypatch.setattr(trash, "GROUP", 1)
    told: list[float] = []

    def report(fraction: float, message: str) -> None:
        told.append(fraction)
        if len(told) == 2:
            raise JobCancelled

    with pytest.raises(JobCancelled):
        trash.purge(chosen, report=report, by=owner)
    assert [bool(rows_of(run)) for run in runs].count(True) == 2
    assert not PurgedRun.objects.exists()
    assert trash.purge(chosen, by=owner).n_runs == 2
    assert told == [0.0, 1 / 3]
