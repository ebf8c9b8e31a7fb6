"""Runs misbehave, workers are killed in every phase, tables go away: each run ends rightly, the others go on."""

from typing import Any

import pytest

from experiments.actions import datasets
from experiments.actions import training as actions
from experiments.actions.settling import settle_runs
from experiments.models import DatasetVersion, Problem, Run, RunStatus, TestUse
from experiments.queries import runs as queries
from mlregistry.accounts.actor import Actor
from mlregistry.artifacts import store
from mlregistry.errors import Conflict
from mlregistry.jobs.actions import jobs as job_actions
from mlregistry.jobs.models import LIVE, Job, JobLog, State

from .conftest import Fleet, wait_for
from .halting import POINTS

pytestmark = pytest.mark.django_db(transaction=True)


def started(
    problem: Problem, version: DatasetVersion, by: Actor, *ways: dict[str, Any], folds: int = 0
) -> tuple[list[Run], Job]:
    recipes = [{"estimator": "hostile", "params": way, "folds": folds} for way in ways]
    _, runs, job = actions.start_training(problem, version, recipes=recipes, by=by)
    return runs, job


def has_ended(job: Job) -> bool:
    job.refresh_from_db()
    return not job.is_live


def by_way(job: Job) -> dict[str, Run]:
    return {run.recipe["params"].get("way", "none"): run for run in Run.objects.filter(job=job) if run.recipe}


def check_whole(run: Run) -> None:
    """Everything that a finished run has, once."""
    assert run.status == RunStatus.FINISHED, run.error
    assert run.latest_metrics.filter(key="test_roc_auc").count() == 1
    assert TestUse.objects.filter(run=run).count() == 1
    paths = [file.path for file in queries.artifacts(run)]
    assert len(set(paths)) == len(paths)
    assert {"evaluation/test_predictions.parquet", "model/model.joblib"} <= set(paths)


def test_a_run_that_misbehaves_fails_alone_with_its_reason(
    fleet: Fleet, problem: Problem, version: DatasetVersion, editor: Actor
) -> None:
    ways = ["raise", "eat", "eat_slowly", "vanish", "print", "good"]
    _, job = started(problem, version, editor, *({"way": way} for way in ways))
    Job.objects.filter(pk=job.pk).update(memory_mb=1200)
    _, hanging = started(problem, version, editor, {"way": "hang"}, {"way": "good"})
    Job.objects.filter(pk=hanging.pk).update(timeout_seconds=24)
    fleet.start(1)
    wait_for(lambda: has_ended(job) and has_ended(hanging))
    assert (job.state, job.attempt) == (State.SUCCEEDED, 1), job.error
    ended = by_way(job)
    assert ended["raise"].error == "RuntimeError: the estimator gives up"
    assert "memory" in ended["eat"].error
    assert "memory" in ended["eat_slowly"].error
    assert "status 7" in ended["vanish"].error
    assert {ended[way].status for way in ("raise", "eat", "eat_slowly", "vanish")} == {"FAILED"}
    assert {ended[way].error for way in ("print", "good", "none")} == {""}
    assert {ended[way].status for way in ("print", "good", "none")} == {"FINISHED"}
    assert JobLog.objects.filter(job=job, text__contains="The log is cut here").exists()
    assert (hanging.state, hanging.attempt) == (State.SUCCEEDED, 1), hanging.error
    ended = by_way(hanging)
    assert "took longer than" in ended["hang"].error
    assert {way: run.status for way, run in ended.items()} == {
        "none": "FINISHED", "hang": "FAILED", "good": "FINISHED",
    }  # fmt: skip


@pytest.mark.parametrize("point", POINTS)
def test_a_worker_killed_in_any_phase_costs_no_run_and_doubles_none(
    fleet: Fleet, problem: Problem, version: DatasetVersion, editor: Actor, point: str
) -> None:
    fleet.start(1)
    wait_for(lambda: not Job.objects.filter(state__in=LIVE).exists())  # the profile of the table
    fleet.halt.ask(point)
    _, job = started(problem, version, editor, {"way": "good"})
    wait_for(fleet.halt.reached.exists)
    fleet.kill_one()
    fleet.start(1)
    wait_for(lambda: has_ended(job))
    assert (job.state, job.attempt) == (State.SUCCEEDED, 2), job.error
    ended = by_way(job)
    assert ended["none"].status == RunStatus.FINISHED
    check_whole(ended["good"])
    assert JobLog.objects.filter(job=job, text__contains="died").count() == 1


def test_a_training_pauses_between_two_folds_and_goes_on_after_them(
    fleet: Fleet, problem: Problem, version: DatasetVersion, editor: Actor
) -> None:
    _, apart = started(problem, version, editor, {"way": "until_told"}, folds=10)
    fleet.start(1)
    wait_for(lambda: Job.objects.filter(pk=apart.pk, message__regex="fold [23] of 10").exists())
    job_actions.pause(apart, by=editor)
    wait_for(lambda: Job.objects.filter(pk=apart.pk, state=State.PAUSED).exists())
    apart.refresh_from_db()
    assert apart.checkpoint is not None
    n_done = len(apart.checkpoint["folds"])
    assert 1 <= n_done < 10
    waiting = Run.objects.get(pk=apart.checkpoint["run"])
    assert waiting.status == RunStatus.SCHEDULED
    (fleet.halt.asked.parent / "told").touch()  # the rest may be quick
    job_actions.resume(apart, by=editor)
    _, straight = started(problem, version, editor, {"pause": 0.0}, folds=10)
    wait_for(lambda: has_ended(apart) and has_ended(straight))
    assert (apart.state, apart.attempt) == (State.SUCCEEDED, 2), apart.error
    figures = [
        {
            metric.key: metric.value
            for metric in Run.objects.get(job=job, estimator="hostile").latest_metrics.all()
            if not metric.key.endswith("_seconds")
        }
        for job in (apart, straight)
    ]
    assert figures[0] == figures[1]


def test_a_table_in_use_stays_and_one_whose_file_is_gone_fails_with_the_reason(
    fleet: Fleet, problem: Problem, version: DatasetVersion, editor: Actor
) -> None:
    _, job = started(problem, version, editor, {"way": "good"})
    with pytest.raises(Conflict, match="so it stays"):
        datasets.delete_dataset(version.dataset, by=editor)
    for part in version.parts.select_related("file"):
        with store.local_path(part.file) as path:
            path.unlink()
    fleet.start(1)
    wait_for(lambda: has_ended(job))
    assert job.state == State.FAILED
    assert "not in the store" in job.error
    settle_runs(editor.team)
    assert set(Run.objects.filter(job=job).values_list("status", "error")) == {("FAILED", job.error)}
