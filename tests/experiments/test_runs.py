"""Experiments, runs and their files: life and death, and lists in a fixed number of queries."""

import io
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from experiments.actions import artifacts
from experiments.actions import experiments as experiment_actions
from experiments.actions import logging as log_actions
from experiments.actions import runs as actions
from experiments.actions.measurements import Metric
from experiments.models import Artifact, Experiment, Lifecycle, Problem, Run
from experiments.queries import runs as queries
from mlregistry.accounts.actor import Actor
from mlregistry.errors import Conflict, Forbidden, Invalid

pytestmark = pytest.mark.django_db


@pytest.fixture
def run(experiment: Experiment, editor: Actor) -> Run:
    return actions.create_run(experiment, by=editor)


def test_a_run_without_a_name_gets_a_readable_one(run: Run) -> None:
    assert run.name.count("-") == 2
    assert (run.status, run.lifecycle, run.ended_at) == ("RUNNING", "active", None)


def test_a_run_is_finished_and_may_be_taken_up_again(run: Run, editor: Actor) -> None:
    actions.finish_run(run, "FINISHED", by=editor)
    assert run.ended_at is not None
    actions.update_run(run, status="RUNNING", name="again", by=editor)
    run.refresh_from_db()
    assert (run.status, run.name) == ("RUNNING", "again")
    assert Run.objects.filter(pk=run.pk, ended_at=None).exists()


@pytest.mark.parametrize("status", ["RUNNING", "SCHEDULED", "DONE"])
def test_a_run_ends_only_with_an_end(run: Run, editor: Actor, status: str) -> None:
    with pytest.raises(Invalid) as caught:
        actions.finish_run(run, status, by=editor)
    assert caught.value.field == "status"


def test_a_deleted_run_takes_nothing_until_restored(run: Run, editor: Actor) -> None:
    actions.delete_run(run, by=editor)
    actions.delete_run(run, by=editor)
    for change in (
        lambda: actions.finish_run(run, "FINISHED", by=editor),
        lambda: actions.set_note(run, "x", by=editor),
        lambda: artifacts.save_artifact(run, "a", io.BytesIO(b"x"), by=editor),
    ):
        with pytest.raises(Conflict):
            change()
    actions.restore_run(run, by=editor)
    assert actions.set_note(run, "# Good", by=editor).note == "# Good"


def test_a_viewer_changes_no_run(run: Run, experiment: Experiment, viewer: Actor) -> None:
    for change in (
        lambda: actions.create_run(experiment, by=viewer),
        lambda: actions.update_run(run, name="x", by=viewer),
        lambda: actions.finish_run(run, "FINISHED", by=viewer),
        lambda: actions.delete_run(run, by=viewer),
        lambda: actions.restore_run(run, by=viewer),
        lambda: actions.set_note(run, "x", by=viewer),
        lambda: artifacts.save_artifact(run, "a", io.BytesIO(b"x"), by=viewer),
        lambda: experiment_actions.delete_experiment(experiment, by=viewer),
        lambda: experiment_actions.create_experiment("x", by=viewer),
    ):
        with pytest.raises(Forbidden):
            change()


def test_an_experiment_goes_with_its_runs_and_comes_back_with_them(
    experiment: Experiment, editor: Actor
) -> None:
    kept, gone = actions.create_run(experiment, by=editor), actions.create_run(experiment, by=editor)
    actions.delete_run(gone, by=editor)
    experiment_actions.delete_experiment(experiment, by=editor)
    with pytest.raises(Conflict):
        actions.create_run(experiment, by=editor)
    with pytest.raises(Conflict):
        experiment_actions.update_experiment(experiment, name="x", by=editor)
    assert not Run.objects.filter(lifecycle=Lifecycle.ACTIVE).exists()
    experiment_actions.restore_experiment(experiment, by=editor)
    assert list(Run.objects.filter(lifecycle=Lifecycle.ACTIVE)) == [kept]


def test_the_default_experiment_is_made_once_and_stays(editor: Actor) -> None:
    default = experiment_actions.default_experiment(by=editor)
    assert experiment_actions.default_experiment(by=editor).pk == default.pk
    with pytest.raises(Conflict):
        experiment_actions.delete_experiment(default, by=editor)


def test_tags_of_an_experiment_are_checked(experiment: Experiment, editor: Actor) -> None:
    assert experiment_actions.update_experiment(experiment, tags={"a": "1"}, by=editor).tags == {"a": "1"}
    for tags, field in (({"a%": "1"}, "tags"), ({"a": 1}, "tags.a"), ([], "tags")):
        with pytest.raises(Invalid) as caught:
            experiment_actions.update_experiment(experiment, tags=tags, by=editor)
        assert caught.value.field == field


def test_a_file_is_saved_over_and_never_clashes_with_a_folder(run: Run, editor: Actor) -> None:
    artifacts.save_artifact(run, "model/a.txt", io.BytesIO(b"1"), by=editor)
    saved = artifacts.save_artifact(run, "model/a.txt", io.BytesIO(b"22"), by=editor)
    assert (saved.file.size, saved.file.content_type) == (2, "text/plain")
    for path in ("model", "model/a.txt/b"):
        with pytest.raises(Conflict) as caught:
            artifacts.save_artifact(run, path, io.BytesIO(b"3"), by=editor)
        assert caught.value.field == "path"
    with pytest.raises(Invalid):
        artifacts.save_artifact(run, "../a", io.BytesIO(b"3"), by=editor)
    assert Artifact.objects.count() == 1


def logged(
    experiment: Experiment, by: Actor, *scores: float | None, baseline: float | None = None
) -> list[Run]:
    runs = []
    for score, is_baseline in [*((score, False) for score in scores), (baseline, True)]:
        run = actions.create_run(experiment, is_baseline=is_baseline, by=by)
        if score is not None:
            metrics = [Metric("test_roc_auc", score), Metric("test_f1", 0.5)]
            log_actions.log_batch(run, metrics=metrics, params={"a": "1"}, tags={"b": "2"}, by=by)
        runs.append(run)
    return runs


def test_the_leaderboard_ranks_marks_and_puts_the_unmeasured_last(problem: Problem, editor: Actor) -> None:
    problem.success_threshold = 0.8
    problem.save()
    experiment = experiment_actions.create_experiment("E", problem=problem, by=editor)
    low, high, nan, none, base = logged(experiment, editor, 0.4, 0.9, float("nan"), None, baseline=0.5)
    board = queries.leaderboard(experiment)
    assert [row.run.pk for row in board[:3]] == [high.pk, base.pk, low.pk]
    assert {row.run.pk for row in board[3:]} == {nan.pk, none.pk}
    assert [row.is_best for row in board] == [True, False, False, False, False]
    assert [row.beats_baseline for row in board] == [True, None, False, None, None]
    assert [row.meets_threshold for row in board[:3]] == [True, False, False]


def test_a_run_that_failed_or_was_killed_is_not_the_best_whatever_it_logged(
    problem: Problem, editor: Actor
) -> None:
    experiment = experiment_actions.create_experiment("E", problem=problem, by=editor)
    failed, killed, good, _ = logged(experiment, editor, 0.99, 0.95, 0.8)
    actions.finish_run(failed, status="FAILED", by=editor)
    actions.finish_run(killed, status="KILLED", by=editor)
    board = queries.leaderboard(experiment)
    assert [row.run.pk for row in board[:3]] == [failed.pk, killed.pk, good.pk]
    assert [row.is_best for row in board[:3]] == [False, False, True]


def test_a_run_list_takes_the_same_queries_whatever_its_length(
    problem: Problem, editor: Actor, api: Any, bob: Any
) -> None:
    experiment = experiment_actions.create_experiment("E", problem=problem, by=editor)
    counts = []
    for _ in range(2):
        logged(experiment, editor, 0.1, 0.2, 0.3, 0.4)
        with CaptureQueriesContext(connection) as captured:
            queries.leaderboard(Experiment.objects.select_related("problem").get(pk=experiment.pk))
        with CaptureQueriesContext(connection) as listed:
            queries.page(queries.with_measurements(Run.objects.filter(experiment=experiment)))
        counts.append((len(captured), len(listed)))
    assert counts == [(8, 4), (8, 4)]
