"""Moving runs, cutting metrics after a checkpoint, and the time-out of runs that show no sign of life."""

import io
import math
import uuid
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django import Settings
from rest_framework.test import APIClient

from experiments.actions import artifacts, inputs, liveness, moving, truncation
from experiments.actions import experiments as experiment_actions
from experiments.actions import logged_models as model_actions
from experiments.actions import logging as log_actions
from experiments.actions import runs as actions
from experiments.actions.inputs import DatasetInput
from experiments.actions.measurements import Metric
from experiments.models import (
    Experiment,
    InputDataset,
    LatestMetric,
    LoggedModel,
    MetricPoint,
    Param,
    Run,
    RunInput,
    RunTag,
)
from experiments.queries import artifacts as artifact_queries
from mlregistry.accounts.actor import Actor
from mlregistry.accounts.models import AuditEvent, User
from mlregistry.errors import Conflict, Forbidden, Invalid, NotFound
from mlregistry.jobs.chores import Chores
from mlregistry.jobs.models import Job

pytestmark = pytest.mark.django_db
Api = Callable[..., APIClient]


@pytest.fixture
def run(experiment: Experiment, editor: Actor) -> Run:
    return actions.create_run(experiment, by=editor)


@pytest.fixture
def target(editor: Actor) -> Experiment:
    return experiment_actions.create_experiment("Elsewhere", by=editor)


def latest(run: Run, key: str = "loss") -> tuple[int, float, bool, float | None, float | None]:
    row = LatestMetric.objects.get(run=run, key=key)
    return row.step, row.value, row.is_nan, row.minimum, row.maximum


def test_metrics_are_cut_after_a_step_and_the_latest_is_found_anew(run: Run, editor: Actor) -> None:
    metrics = [Metric("loss", float(value), step, 1) for step, value in enumerate([5, 9, 3, 7, 1, 8])]
    log_actions.log_batch(run, metrics=metrics, by=editor)
    log_actions.log_batch(run, metrics=[Metric("loss", 99.0, 6, 1), Metric("acc", 0.5, 9, 1)], by=editor)
    changes = Run.objects.get(pk=run.pk).changes
    assert truncation.truncate_metrics(run, after_step=3, by=editor) == {"loss": 3, "acc": 1}
    assert sorted(MetricPoint.objects.filter(run=run).values_list("step", flat=True)) == [0, 1, 2, 3]
    assert latest(run) == (3, 7.0, False, 3.0, 9.0)
    assert not LatestMetric.objects.filter(run=run, key="acc").exists()
    assert Run.objects.get(pk=run.pk).changes > changes
    log_actions.log_batch(run, metrics=[Metric("loss", 0.5, 4, 2)], by=editor)
    assert latest(run) == (4, 0.5, False, 0.5, 9.0)


def test_only_the_metrics_that_are_named_are_cut(run: Run, editor: Actor) -> None:
    metrics = [Metric(key, 1.0, step, 1) for key in ("loss", "acc") for step in range(3)]
    log_actions.log_batch(run, metrics=metrics, by=editor)
    assert truncation.truncate_metrics(run, after_step=0, keys=["acc", "none"], by=editor) == {"acc": 2}
    assert latest(run)[0] == 2
    assert latest(run, "acc")[0] == 0
    assert truncation.truncate_metrics(run, after_step=0, keys=["acc"], by=editor) == {}


def test_cutting_knows_nan_and_ties_as_logging_does(run: Run, editor: Actor, experiment: Experiment) -> None:
    kept = [
        Metric("loss", math.nan, 2, 5),
        Metric("loss", 0.0, 2, 5),
        Metric("loss", -1.0, 2, 4),
        Metric("loss", math.inf, 1, 9),
        Metric("nan", math.nan, 1, 1),
    ]
    twin = actions.create_run(experiment, by=editor)
    log_actions.log_batch(twin, metrics=kept, by=editor)
    log_actions.log_batch(
        run, metrics=[*kept, Metric("loss", 7.0, 3, 1), Metric("nan", 1.0, 3, 1)], by=editor
    )
    truncation.truncate_metrics(run, after_step=2, by=editor)
    for key in ("loss", "nan"):
        assert latest(run, key) == latest(twin, key)


def test_cutting_needs_an_editor_an_active_run_and_whole_steps(
    run: Run, editor: Actor, viewer: Actor
) -> None:
    with pytest.raises(Forbidden):
        truncation.truncate_metrics(run, after_step=0, by=viewer)
    for step in (2**63, 1.5, True, "3"):
        with pytest.raises(Invalid):
            truncation.truncate_metrics(run, after_step=step, by=editor)  # type: ignore[arg-type]  # a wrong step is what is tested
    with pytest.raises(Invalid):
        truncation.truncate_metrics(run, after_step=0, keys=["../x"], by=editor)
    actions.delete_run(run, by=editor)
    with pytest.raises(Conflict):
        truncation.truncate_metrics(run, after_step=0, by=editor)


def test_runs_move_with_all_they_logged(run: Run, target: Experiment, editor: Actor) -> None:
    model = model_actions.create_logged_model(run.experiment, source_run=run, by=editor)
    log_actions.log_batch(run, metrics=[Metric("a", 1.0)], params={"p": "1"}, tags={"t": "x"}, by=editor)
    artifacts.save_artifact(run, "a.txt", io.BytesIO(b"x"), by=editor)
    inputs.log_inputs(run, datasets=[DatasetInput("d", "1", "local", "s")], by=editor)
    stays = actions.create_run(run.experiment, by=editor)
    inputs.log_inputs(stays, datasets=[DatasetInput("d", "1", "local", "s")], by=editor)
    source = run.experiment
    assert moving.move_runs([run.pk], to=target, by=editor) == [run.pk]
    assert moving.move_runs([run.pk], to=target, by=editor) == []
    for rows in (Param, LatestMetric, RunTag):
        assert set(rows.objects.filter(run=run).values_list("experiment", flat=True)) == {target.pk}
    assert Run.objects.get(pk=run.pk).experiment_id == target.pk
    assert LoggedModel.objects.get(pk=model.pk).experiment_id == target.pk
    assert RunInput.objects.get(run=run).dataset.experiment_id == target.pk
    assert RunInput.objects.get(run=stays).dataset.experiment_id == source.pk
    place = artifact_queries.place(editor, f"{source.pk}/{run.pk.hex}/artifacts/a.txt")
    assert artifact_queries.file(editor, place).path == "a.txt", "an address from before the move"
    log_actions.log_batch(run, params={"q": "2"}, by=editor)
    assert Param.objects.get(run=run, key="q").experiment_id == target.pk
    moving.move_runs([stays.pk], to=target, by=editor)
    assert list(InputDataset.objects.values_list("experiment", flat=True)) == [target.pk]
    assert AuditEvent.objects.filter(action="experiment.move_runs").count() == 2


def test_children_move_along_when_asked(run: Run, target: Experiment, editor: Actor) -> None:
    child = actions.create_run(run.experiment, parent=run, by=editor)
    grandchild = actions.create_run(run.experiment, parent=child, by=editor)
    assert moving.move_runs([run.pk], to=target, by=editor) == [run.pk]
    moved = moving.move_runs([run.pk], to=target, with_children=True, by=editor)
    assert set(moved) == {child.pk, grandchild.pk}


def test_many_runs_move_in_few_statements(experiment: Experiment, target: Experiment, editor: Actor) -> None:
    runs = [actions.create_run(experiment, by=editor).pk for _ in range(30)]
    with CaptureQueriesContext(connection) as queries:
        moving.move_runs(runs, to=target, by=editor)
    assert len(queries) <= 8


def test_runs_move_all_or_none(
    run: Run, target: Experiment, editor: Actor, viewer: Actor, stranger: Actor
) -> None:
    theirs = actions.create_run(experiment_actions.create_experiment("x", by=stranger), by=stranger)
    for chosen in ([run.pk, theirs.pk], [run.pk, uuid.uuid4()]):
        with pytest.raises(NotFound):
            moving.move_runs(chosen, to=target, by=editor)
    with pytest.raises(NotFound):
        moving.move_runs([theirs.pk], to=target, by=stranger)
    with pytest.raises(Forbidden):
        moving.move_runs([run.pk], to=target, by=viewer)
    with pytest.raises(Invalid):
        moving.move_runs([], to=target, by=editor)
    gone = actions.create_run(run.experiment, by=editor)
    actions.delete_run(gone, by=editor)
    with pytest.raises(Conflict):
        moving.move_runs([run.pk, gone.pk], to=target, by=editor)
    experiment_actions.delete_experiment(target, by=editor)
    with pytest.raises(Conflict):
        moving.move_runs([run.pk], to=target, by=editor)
    assert Run.objects.get(pk=run.pk).experiment_id == run.experiment_id


def silent_since(run: Run, **ago: float) -> None:
    Run.objects.filter(pk=run.pk).update(active_at=timezone.now() - timedelta(**ago))


def test_a_run_without_a_sign_of_life_ends_as_killed_and_says_why(run: Run, editor: Actor) -> None:
    silent_since(run, days=8)
    assert liveness.end_overdue() == 1
    ended = Run.objects.get(pk=run.pk)
    assert (ended.status, ended.timed_out, ended.ended_at) == ("KILLED", True, ended.active_at)
    assert "No sign of life for 7 days" in ended.error
    assert AuditEvent.objects.get(action="run.time_out").target_id == str(run.pk)
    assert liveness.end_overdue() == 0


def test_logging_revives_a_run_that_timed_out_but_none_that_was_ended(
    run: Run, experiment: Experiment, editor: Actor
) -> None:
    ended = actions.create_run(experiment, by=editor)
    actions.finish_run(ended, "KILLED", by=editor)
    silent_since(run, days=8)
    liveness.end_overdue()
    for one in (run, ended):
        log_actions.log_batch(one, metrics=[Metric("a", 1.0)], by=editor)
    back = Run.objects.get(pk=run.pk)
    assert (back.status, back.ended_at, back.error, back.timed_out) == ("RUNNING", None, "", False)
    assert Run.objects.get(pk=ended.pk).status == "KILLED"


def test_a_late_end_counts_and_is_not_taken_back(run: Run, editor: Actor) -> None:
    silent_since(run, days=8)
    liveness.end_overdue()
    actions.update_run(run.pk, status="FINISHED", ended_at=timezone.now(), by=editor)
    log_actions.log_batch(run, metrics=[Metric("a", 1.0)], by=editor)
    done = Run.objects.get(pk=run.pk)
    assert (done.status, done.error, done.timed_out) == ("FINISHED", "", False)


def test_the_tag_of_any_client_sets_the_time_out(experiment: Experiment, editor: Actor) -> None:
    run = actions.create_run(experiment, tags={"mlregistry.timeoutSeconds": "600"}, by=editor)
    other = actions.create_run(experiment, by=editor)
    log_actions.log_batch(other, tags={"mlregistry.timeoutSeconds": "60"}, by=editor)
    assert Run.objects.get(pk=run.pk).timeout_seconds == 600
    assert Run.objects.get(pk=other.pk).timeout_seconds == 60
    for one in (run, other):
        silent_since(one, minutes=5)
    assert liveness.end_overdue() == 1
    assert Run.objects.get(pk=other.pk).status == "KILLED"
    log_actions.delete_tag(run, "mlregistry.timeoutSeconds", by=editor)
    assert Run.objects.get(pk=run.pk).timeout_seconds is None
    for wrong in ("", "-1", "soon", "1.5", "9999999999"):
        with pytest.raises(Invalid, match="time-out"):
            log_actions.log_batch(run, tags={"mlregistry.timeoutSeconds": wrong}, by=editor)


def test_an_ordinary_log_pays_nothing_for_time_outs(run: Run, editor: Actor) -> None:
    with CaptureQueriesContext(connection) as queries:
        log_actions.log_batch(run, metrics=[Metric("a", 1.0)], params={"p": "1"}, tags={"t": "x"}, by=editor)
    assert len(queries) == 1


def test_heartbeats_keep_a_run_alive_and_tell_its_status(
    run: Run, editor: Actor, viewer: Actor, stranger: Actor
) -> None:
    silent_since(run, days=8)
    with CaptureQueriesContext(connection) as queries:
        assert liveness.heartbeat(run.pk, timeout_seconds=90, by=editor) == "RUNNING"
    assert len(queries) == 1
    assert liveness.end_overdue() == 0
    assert liveness.heartbeat(run.pk, by=editor) == "RUNNING"
    assert Run.objects.get(pk=run.pk).timeout_seconds == 90
    silent_since(run, seconds=91)
    assert liveness.end_overdue() == 1
    assert liveness.heartbeat(run.pk, by=editor) == "RUNNING"
    with pytest.raises(Forbidden):
        liveness.heartbeat(run.pk, by=viewer)
    with pytest.raises(NotFound):
        liveness.heartbeat(run.pk, by=stranger)
    with pytest.raises(Invalid):
        liveness.heartbeat(run.pk, timeout_seconds=-1, by=editor)
    actions.delete_run(run, by=editor)
    with pytest.raises(Conflict):
        liveness.heartbeat(run.pk, by=editor)


def test_zero_is_never_and_the_operator_chooses_the_default(
    run: Run, editor: Actor, settings: Settings
) -> None:
    silent_since(run, days=800)
    settings.RUN_TIMEOUT_HOURS = 0
    assert liveness.end_overdue() == 0
    settings.RUN_TIMEOUT_HOURS = 1
    liveness.heartbeat(run.pk, timeout_seconds=0, by=editor)
    silent_since(run, days=800)
    assert liveness.end_overdue() == 0


def test_a_parent_lives_as_long_as_its_children_log(run: Run, editor: Actor) -> None:
    child = actions.create_run(run.experiment, parent=run, by=editor)
    silent_since(run, days=9)
    silent_since(child, days=1)
    assert liveness.end_overdue() == 0
    silent_since(child, days=8)
    assert liveness.end_overdue() == 2
    assert Run.objects.get(pk=run.pk).ended_at == Run.objects.get(pk=child.pk).active_at


def test_runs_of_jobs_and_ended_runs_have_no_time_out(
    run: Run, experiment: Experiment, editor: Actor
) -> None:
    done = actions.create_run(experiment, by=editor)
    actions.finish_run(done, "FINISHED", by=editor)
    Run.objects.filter(pk=run.pk).update(job=Job.objects.create(team=editor.team, kind="x", title="t"))
    for one in (run, done):
        silent_since(one, days=30)
    assert liveness.end_overdue() == 0


def test_the_scheduler_ends_overdue_runs_once_a_minute(run: Run, settings: Settings) -> None:
    silent_since(run, days=8)
    chores = Chores()
    assert chores.run_due() == len(settings.CHORES)
    assert Run.objects.get(pk=run.pk).status == "KILLED"
    assert chores.run_due() == 0


def test_a_chore_that_fails_leaves_the_others_be(run: Run, settings: Settings) -> None:
    silent_since(run, days=8)
    settings.CHORES = {"experiments.no.such": 1, "experiments.actions.liveness.end_overdue": 60}
    assert Chores().run_due() == 2
    assert Run.objects.get(pk=run.pk).status == "KILLED"


def test_the_api_moves_cuts_and_beats(
    run: Run, target: Experiment, editor: Actor, api: Api, bob: User, vera: User, charlie: User
) -> None:
    log_actions.log_batch(run, metrics=[Metric("a", 1.0, step) for step in range(3)], by=editor)
    calls = {
        f"/api/v1/runs/{run.pk}/heartbeat": ({"timeout_seconds": 60}, {"status": "RUNNING"}),
        f"/api/v1/runs/{run.pk}/truncate-metrics": ({"after_step": 1}, {"removed": {"a": 1}}),
        f"/api/v1/experiments/{target.pk}/move-runs": (
            {"runs": [str(run.pk)], "with_children": True},
            {"moved": [str(run.pk)]},
        ),
    }
    for address, (body, answer) in calls.items():
        assert api(vera).post(address, body, format="json").status_code == 403
        assert api(charlie).post(address, body, format="json").status_code == 404
        assert api(bob).post(address, {"x": 1}, format="json").status_code == 400
        got = api(bob).post(address, body, format="json")
        assert (got.status_code, got.json()) == (200, answer)
