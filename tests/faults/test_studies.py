"""Trials misbehave, workers are killed, the database goes away: nothing is lost, nothing counts twice."""

import time
from datetime import timedelta
from typing import Any

import psycopg2
import pytest
from django.db import connection
from django.utils import timezone

from experiments.actions import studies as actions
from experiments.models import DatasetVersion, Problem, Run, RunStatus, Study, StudyState, TrialState
from mlregistry.accounts.actor import Actor

from .conftest import Fleet, wait_for

pytestmark = pytest.mark.django_db(transaction=True)
RECIPE = {"folds": 2}


def started(
    problem: Problem, version: DatasetVersion, by: Actor, hostile: dict[str, Any], **plan: Any
) -> Study:
    space = {"estimators": {"hostile": hostile}}
    return actions.create_study(problem, version, space=space, recipe=RECIPE, plan=plan, by=by)


def n_ended(study: Study) -> int:
    return study.trials.exclude(state__in=(TrialState.WAITING, TrialState.RUNNING)).count()


def has_ended(study: Study) -> bool:
    study.refresh_from_db()
    return not study.is_open


def check_books(study: Study, n_trials: int) -> None:
    """Every number once, each with one run of its own, the study's figures those of its trials."""
    rows = list(study.trials.order_by("number"))
    assert [row.number for row in rows] == list(range(n_trials))
    assert {row.state for row in rows} == {TrialState.COMPLETE}, [(row.number, row.error) for row in rows]
    runs = [row.run_id for row in rows if row.run_id is not None]
    assert len(set(runs)) == n_trials
    assert Run.objects.filter(pk__in=runs, status=RunStatus.FINISHED).count() == n_trials
    assert Run.objects.filter(parent=study.run).count() == n_trials + 1
    values = [row.values[0] for row in rows if row.values]
    assert study.best_value == max(values)
    assert study.cpu_seconds == pytest.approx(sum(row.cpu_seconds or 0.0 for row in rows))
    assert study.winner is not None


def test_a_trial_that_misbehaves_fails_with_its_reason_and_the_study_goes_on(
    fleet: Fleet, problem: Problem, version: DatasetVersion, editor: Actor
) -> None:
    ways = {"way": {"choices": ["good", "raise", "hang", "eat", "eat_slowly", "print", "vanish"]}}
    study = started(
        problem, version, editor, ways,
        sampler="grid", max_trials=7, n_lanes=1, trial_seconds=15, trial_memory_mb=500,
    )  # fmt: skip
    fleet.start(1)
    wait_for(lambda: has_ended(study))
    assert study.state == StudyState.COMPLETE, study.reason
    ended = {row.params["hostile.way"]: row for row in study.trials.all() if row.params}
    assert ended["good"].state == TrialState.COMPLETE
    assert {row.state for way, row in ended.items() if way != "good"} == {TrialState.FAILED}
    assert "gives up" in ended["raise"].error
    assert "longer than 15 seconds" in ended["hang"].error
    assert "memory" in ended["eat"].error
    assert "memory" in ended["eat_slowly"].error
    assert "more than 10 MB" in ended["print"].error
    assert "status 7" in ended["vanish"].error
    assert study.lanes.count() == 1


def test_a_quarter_of_the_workers_is_killed_and_no_trial_is_lost_or_counted_twice(
    fleet: Fleet, problem: Problem, version: DatasetVersion, editor: Actor
) -> None:
    cheap = {"pause": 0.3, "C": {"low": 0.01, "high": 10.0, "log": True}}
    study = started(problem, version, editor, cheap, sampler="random", max_trials=20, n_lanes=4)
    n_held = 0
    while not n_held:  # a worker may be between two trials when it is killed
        fleet.start(4)
        wait_for(lambda: n_ended(study) >= 4 and study.trials.filter(state=TrialState.RUNNING).count() == 4)
        n_held = fleet.kill_one()
    wait_for(lambda: has_ended(study))
    assert study.state == StudyState.COMPLETE, study.reason
    check_books(study, 20)
    assert study.trials.filter(attempt=2).count() == n_held


def test_the_database_goes_away_in_the_middle_and_the_study_goes_on(
    fleet: Fleet, problem: Problem, version: DatasetVersion, editor: Actor
) -> None:
    cheap = {"pause": 0.2, "C": {"low": 0.01, "high": 10.0, "log": True}}
    study = started(problem, version, editor, cheap, sampler="random", max_trials=12, n_lanes=2)
    fleet.start(2)
    wait_for(lambda: n_ended(study) >= 3)
    settings = connection.settings_dict
    connection.close()
    away(settings, seconds=2.0)
    wait_for(lambda: has_ended(study))
    assert study.state == StudyState.COMPLETE, study.reason
    check_books(study, 12)


def test_a_worker_that_is_stopped_gives_its_trial_back_and_no_time_is_counted_without_workers(
    fleet: Fleet, problem: Problem, version: DatasetVersion, editor: Actor
) -> None:
    slow = {"pause": 1.0, "C": {"low": 0.01, "high": 10.0, "log": True}}
    fleet.start(1)  # before the study: a surplus worker of the test before would take the trial and end
    study = started(
        problem, version, editor, slow, sampler="random", max_trials=3, n_lanes=1, max_seconds=600
    )
    wait_for(lambda: study.trials.filter(state=TrialState.RUNNING, run__isnull=False).exists())
    fleet.start(0)
    row = study.trials.get()
    assert (row.state, row.error, row.attempt) == (TrialState.WAITING, "", 1)
    Study.objects.filter(pk=study.pk).update(resumed_at=timezone.now() - timedelta(hours=1))
    fleet.start(1)
    wait_for(lambda: has_ended(study))
    assert study.state == StudyState.COMPLETE, study.reason
    check_books(study, 3)
    assert study.used_seconds < 120


def away(settings: dict[str, Any], *, seconds: float) -> None:
    """Every line to the database is cut and none is let in, as while a server restarts."""
    name = settings["NAME"]
    outside = psycopg2.connect(host=settings["HOST"], user=settings["USER"], dbname="postgres")
    outside.autocommit = True
    try:
        with outside.cursor() as cursor:
            cursor.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS false')
            cursor.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [name]
            )
            time.sleep(seconds)
            cursor.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS true')
    finally:
        outside.close()
