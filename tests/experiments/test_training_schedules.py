"""Training by the clock: starts on the newest version, leaves trained ones alone, refuses marked ones."""

import io
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from experiments.actions import alerts, contracts
from experiments.actions import datasets as dataset_actions
from experiments.actions import problems as problem_actions
from experiments.actions import training_schedules as actions
from experiments.models import DatasetVersion, Problem, QualityAlert, Run, TrainingSchedule, VersionComparison
from mlregistry.accounts.actor import Actor
from mlregistry.accounts.models import AuditEvent, User
from mlregistry.errors import Forbidden, Invalid
from mlregistry.jobs import schedule as job_schedules
from mlregistry.jobs.inline import run_here
from mlregistry.jobs.models import Job, Schedule, State

from .conftest import churn_csv
from .test_contracts import ages, run_checks

pytestmark = pytest.mark.django_db
RECIPES: list[dict[str, Any]] = [{"estimator": "decision_tree", "params": {"max_depth": 2}}]
Api = Callable[[User], APIClient]


@pytest.fixture
def schedule(problem: Problem, version: DatasetVersion, editor: Actor) -> TrainingSchedule:
    return actions.create_schedule(problem, version.dataset, cron="0  6 * * 1", recipes=RECIPES, by=editor)


def tick(schedule: TrainingSchedule) -> TrainingSchedule:
    """What the scheduler does when the time has come, and the job after it."""
    Schedule.objects.update(next_at=timezone.now() - timedelta(seconds=1))
    assert job_schedules.run_due() == 1
    job = Job.objects.filter(kind="experiments.scheduled_training").latest("created_at")
    done = run_here(job)
    assert done.state == State.SUCCEEDED, done.error
    schedule.refresh_from_db()
    return schedule


def test_a_schedule_trains_the_newest_version_once(
    schedule: TrainingSchedule, version: DatasetVersion
) -> None:
    assert schedule.cron == "0 6 * * 1"
    tick(schedule)
    assert (schedule.last_outcome, schedule.last_version_id) == ("started", version.pk)
    runs = Run.objects.filter(experiment=schedule.last_experiment)
    assert sorted(runs.values_list("estimator", flat=True)) == ["decision_tree", "dummy"]
    assert run_here(Job.objects.get(kind="experiments.train")).state == State.SUCCEEDED
    tick(schedule)
    assert schedule.last_outcome == "unchanged"
    assert Job.objects.filter(kind="experiments.train").count() == 1


def test_a_marked_version_is_refused_with_the_reason_until_it_is_overridden(
    schedule: TrainingSchedule, version: DatasetVersion, editor: Actor, owner: Actor
) -> None:
    contracts.set_contract(version.dataset, ages(50), by=editor)
    run_checks()
    tick(schedule)
    assert schedule.last_outcome == "refused"
    assert "values of 50 or less" in schedule.last_reason
    assert not Run.objects.exists()
    alert = QualityAlert.objects.get(kind="schedule", closed_at=None)
    assert alert.problem_id == schedule.problem_id
    tick(schedule)
    assert QualityAlert.objects.filter(kind="schedule").count() == 1
    assert AuditEvent.objects.filter(action="training.scheduled_refused").count() == 2
    contracts.override(version, "Ages over 50 are fine this once.", by=owner)
    tick(schedule)
    assert schedule.last_outcome == "started"
    assert not QualityAlert.objects.filter(closed_at=None).exists()


def test_a_failed_comparison_blocks_until_somebody_accepts_it(
    schedule: TrainingSchedule, version: DatasetVersion, editor: Actor
) -> None:
    second = dataset_actions.add_version(
        version.dataset, io.BytesIO(churn_csv(40)), filename="c.csv", by=editor
    )
    tick(schedule)
    assert "still being compared" in schedule.last_reason
    assert not QualityAlert.objects.exists()
    VersionComparison.objects.update(job=None)  # the job was lost
    tick(schedule)
    assert "could not be compared" in schedule.last_reason
    contracts.request_checks([second], by=editor)
    run_checks()
    tick(schedule)
    assert "120 rows before, 40 now" in schedule.last_reason
    alerts.close_alert(QualityAlert.objects.get(kind="comparison", closed_at=None), by=editor)
    tick(schedule)
    assert (schedule.last_outcome, schedule.last_version_id) == ("started", second.pk)


def test_a_table_that_no_longer_fits_is_refused_with_the_reason(problem: Problem, editor: Actor) -> None:
    dataset = dataset_actions.create_dataset("Others", by=editor)
    schedule = actions.create_schedule(problem, dataset, cron="* * * * *", recipes=RECIPES, by=editor)
    assert tick(schedule).last_reason == "The dataset has no version yet."
    rows = b"a,b\n" + b"".join(b"%d,%d\n" % (i, i % 3) for i in range(20))
    dataset_actions.add_version(dataset, io.BytesIO(rows), filename="c.csv", by=editor)
    assert "'churned' is not in the table" in tick(schedule).last_reason


def test_a_paused_schedule_rests_and_a_deleted_one_is_gone(schedule: TrainingSchedule, editor: Actor) -> None:
    actions.update_schedule(schedule, enabled=False, by=editor)
    Schedule.objects.update(next_at=timezone.now() - timedelta(seconds=1))
    assert job_schedules.run_due() == 0
    actions.update_schedule(schedule, enabled=True, cron="5 5 * * *", by=editor)
    assert Schedule.objects.get().cron == "5 5 * * *"
    actions.delete_schedule(schedule, by=editor)
    assert not Schedule.objects.exists()
    assert {"training.schedule", "training.unschedule"} <= set(
        AuditEvent.objects.values_list("action", flat=True)
    )


def test_a_schedule_whose_problem_is_deleted_ends_itself(
    schedule: TrainingSchedule, problem: Problem, editor: Actor
) -> None:
    problem_actions.delete_problem(problem, by=editor)
    Schedule.objects.update(next_at=timezone.now() - timedelta(seconds=1))
    job_schedules.run_due()
    assert run_here(Job.objects.get(kind="experiments.scheduled_training")).result == {"outcome": "gone"}
    assert not Schedule.objects.exists()


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"cron": "soon"}, "cron"),
        ({"cron": "0 0 30 2 *"}, "cron"),
        ({"cron": "0 0 * * * " + "x" * 100}, "cron"),
        ({"recipes": []}, "recipes"),
        ({"recipes": [{"estimator": "oracle"}]}, "recipes.0.estimator"),
    ],
)
def test_a_bad_schedule_names_its_field(
    problem: Problem, version: DatasetVersion, editor: Actor, change: dict[str, Any], field: str
) -> None:
    wanted: dict[str, Any] = {"cron": "* * * * *", "recipes": RECIPES, **change}
    with pytest.raises(Invalid) as caught:
        actions.create_schedule(problem, version.dataset, **wanted, by=editor)
    assert caught.value.field == field
    assert not Schedule.objects.exists()


def test_strangers_and_viewers_schedule_nothing(
    schedule: TrainingSchedule, problem: Problem, version: DatasetVersion, viewer: Actor, stranger: Actor
) -> None:
    with pytest.raises(Forbidden):
        actions.create_schedule(problem, version.dataset, cron="* * * * *", recipes=RECIPES, by=viewer)
    with pytest.raises(Invalid):
        actions.create_schedule(problem, version.dataset, cron="* * * * *", recipes=RECIPES, by=stranger)
    with pytest.raises(Forbidden):
        actions.update_schedule(schedule, enabled=False, by=viewer)
    with pytest.raises(Forbidden):
        actions.delete_schedule(schedule, by=viewer)


def test_the_api_makes_lists_changes_and_deletes_schedules(
    problem: Problem, version: DatasetVersion, api: Api, bob: User, vera: User, charlie: User
) -> None:
    address = f"/api/v1/problems/{problem.pk}/schedules"
    body = {"dataset": version.dataset_id, "cron": "0 6 * * *", "estimators": ["dummy"]}
    client = api(bob)
    assert api(vera).post(address, body, format="json").status_code == 403
    made = client.post(address, body, format="json")
    assert made.status_code == 201, made.content
    one = f"/api/v1/training-schedules/{made.json()['id']}"
    assert [row["cron"] for row in api(vera).get(address).json()["results"]] == ["0 6 * * *"]
    assert client.patch(one, {"enabled": False}, format="json").json()["enabled"] is False
    assert client.patch(one, {"cron": "x"}, format="json").status_code == 400
    assert api(charlie).get(one).status_code == 404
    assert client.post(address, {**body, "recipes": []}, format="json").json()["field"] == "estimators"
    assert client.delete(one).status_code == 204
