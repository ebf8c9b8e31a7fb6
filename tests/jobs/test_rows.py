"""The row as the truth: claims, fencing, the reaper, the queue, the schedule, actions; without workers."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone
from pytest_django import Settings

from mlregistry.accounts.actor import Actor
from mlregistry.accounts.models import Role, Team
from mlregistry.errors import Conflict, Forbidden, Invalid, NotFound
from mlregistry.jobs import access, attempts, queue, reaper, schedule
from mlregistry.jobs.actions.jobs import cancel, retry
from mlregistry.jobs.attempts import Beat, End, Outcome, Standing
from mlregistry.jobs.claiming import Attempt
from mlregistry.jobs.engines import QUEUES, rq_queues, tasks_setting
from mlregistry.jobs.models import Job, JobLog, Schedule, State
from mlregistry.jobs.queries.jobs import jobs_of, others_wait

Submit = Callable[..., Job]
SILENT = {"default": {"BACKEND": "django_tasks.backends.dummy.DummyBackend", "QUEUES": QUEUES}}


@pytest.fixture(autouse=True)
def quiet_queue(settings: Settings) -> None:
    settings.TASKS = SILENT


@pytest.fixture
def team(transactional_db: None) -> Team:
    return Team.objects.create(name="Churn", slug="churn")


def claimed(job: Job) -> Attempt:
    attempt = attempts.claim(str(job.pk), worker="test", pid=1)
    assert attempt is not None
    return attempt


def let_lease_run_out(job: Job) -> None:
    Job.objects.filter(pk=job.pk).update(heartbeat_at=timezone.now() - timedelta(hours=1))


def test_a_job_is_claimed_once(submit: Submit) -> None:
    job = submit("fail")
    assert claimed(job).number == 1
    assert attempts.claim(str(job.pk), worker="other", pid=2) is None


def test_a_job_is_not_claimed_before_its_time(submit: Submit) -> None:
    job = submit("fail", scheduled_at=timezone.now() + timedelta(hours=1))
    assert attempts.claim(str(job.pk), worker="test", pid=1) is None


def test_a_job_that_lets_others_go_first_stands_behind_them_and_counts_no_try(submit: Submit) -> None:
    long, other = submit("fail"), submit("mark", args={"path": "here"})
    attempt = claimed(long)
    assert not others_wait(str(long.pk)), "a free worker would take it"
    Job.objects.filter(pk=other.pk).update(queued_at=timezone.now() - timedelta(minutes=1))
    assert others_wait(str(long.pk))
    assert attempts.finish(attempt, Outcome(End.YIELDED))
    long.refresh_from_db()
    assert (long.state, long.n_tries, long.message) == (
        State.QUEUED, 0, "Others go first; it waits for its next turn",
    )  # fmt: skip
    other.refresh_from_db()
    assert long.queued_at > other.queued_at


@pytest.mark.parametrize(
    "changes",
    [
        {"priority": -1}, {"queue": "gpu"}, {"state": State.RUNNING}, {"kind": "tests.fail", "args": {}},
        {"scheduled_at": timezone.now() + timedelta(hours=1)},
    ],
    ids=["lower", "other class", "running", "same work", "not due"],
)  # fmt: skip
def test_what_could_not_use_the_worker_or_is_the_same_work_makes_nobody_yield(
    submit: Submit, changes: dict[str, Any]
) -> None:
    long, other = submit("fail"), submit("mark", args={"path": "here"})
    claimed(long)
    early = timezone.now() - timedelta(minutes=1)
    Job.objects.filter(pk=other.pk).update(**{"queued_at": early, **changes})
    assert not others_wait(str(long.pk))


def test_a_worker_that_was_taken_for_dead_can_write_nothing(submit: Submit) -> None:
    job = submit("fail")
    old = claimed(job)
    let_lease_run_out(job)
    assert reaper.sweep() == 1
    new = claimed(job)
    late = Beat(old.first_line, ["too late"], {"progress": 0.9})
    assert attempts.beat(old, late) is Standing.LOST
    attempts.finish(old, Outcome(End.SUCCEEDED, result={"late": True}))
    job.refresh_from_db()
    assert (job.state, job.attempt, job.progress, job.result) == (State.RUNNING, 2, 0.0, None)
    assert not JobLog.objects.filter(text="too late").exists()
    assert attempts.beat(new, Beat(new.first_line, ["in time"])) is Standing.OURS


def test_a_job_whose_workers_keep_dying_fails_with_that_reason(submit: Submit) -> None:
    job = submit("fail", max_attempts=2)
    for _ in range(2):
        claimed(job)
        let_lease_run_out(job)
        reaper.sweep()
    job.refresh_from_db()
    assert job.state == State.FAILED
    assert job.error == "Its worker died in the middle of the job, in attempt 2 of 2."


def test_a_cancelled_job_whose_worker_died_is_cancelled_by_the_reaper(submit: Submit) -> None:
    job = submit("fail")
    claimed(job)
    Job.objects.filter(pk=job.pk).update(cancel_requested_at=timezone.now())
    let_lease_run_out(job)
    reaper.sweep()
    job.refresh_from_db()
    assert job.state == State.CANCELLED


def test_a_running_job_with_a_heartbeat_is_left_alone(submit: Submit) -> None:
    claimed(submit("fail"))
    assert reaper.sweep() == 0


def test_an_unknown_kind_is_refused(transactional_db: None) -> None:
    with pytest.raises(Invalid, match="no kind of job named 'nonsense'"):
        queue.enqueue("nonsense", args={}, team=None, title="x", by=None)
    assert not Job.objects.exists()


def test_nothing_is_sent_when_the_transaction_fails(submit: Submit) -> None:
    def fail_after_enqueue() -> None:
        with transaction.atomic():
            submit("fail")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail_after_enqueue()
    assert not Job.objects.exists()


def test_a_queue_that_is_down_loses_no_job(submit: Submit, settings: Settings) -> None:
    settings.TASKS = tasks_setting("rq")
    settings.RQ_QUEUES = rq_queues("redis://127.0.0.1:1/0")
    job = submit("fail")
    job.refresh_from_db()
    assert (job.state, job.nudged_at) == (State.QUEUED, None)
    settings.TASKS = SILENT
    Job.objects.update(created_at=timezone.now() - timedelta(seconds=5))
    reaper.sweep()
    job.refresh_from_db()
    assert job.nudged_at is not None


def test_cancel_ends_a_queued_job_and_asks_a_running_one(submit: Submit, team: Team) -> None:
    by = Actor.system(team)
    assert cancel(submit("fail"), by=by).state == State.CANCELLED
    running = submit("fail")
    attempt = claimed(running)
    assert cancel(running, by=by).state == State.RUNNING
    assert attempts.beat(attempt, Beat(0)) is Standing.CANCELLED


def test_a_finished_job_cannot_be_cancelled_nor_a_live_one_retried(submit: Submit, team: Team) -> None:
    by = Actor.system(team)
    job = submit("fail")
    with pytest.raises(Conflict):
        retry(job, by=by)
    attempts.finish(claimed(job), Outcome(End.SUCCEEDED))
    with pytest.raises(Conflict, match="succeeded"):
        cancel(job, by=by)


def test_retry_gives_a_failed_job_all_its_attempts_again(submit: Submit, team: Team) -> None:
    job = submit("fail", max_attempts=1)
    attempts.finish(claimed(job), Outcome(End.FAILED, error="no"))
    job.refresh_from_db()
    assert (job.state, job.error) == (State.FAILED, "no")
    job = retry(job, by=Actor.system(team))
    assert (job.state, job.error, job.n_tries) == (State.QUEUED, "", 0)
    assert claimed(job).number == 2


def test_a_viewer_may_neither_cancel_nor_retry(submit: Submit, team: Team) -> None:
    vera = Actor(user=None, team=team, role=Role.VIEWER)
    for action in (cancel, retry):
        with pytest.raises(Forbidden):
            action(submit("fail"), by=vera)


def test_a_job_of_another_team_is_not_found(submit: Submit, team: Team) -> None:
    theirs = submit("fail")
    for job_id in (theirs.pk, "no-uuid"):
        with pytest.raises(NotFound):
            access.job(Actor.system(team), job_id)
    assert list(jobs_of(team)) == []


def test_a_schedule_runs_when_due_and_not_while_its_last_job_lives(team: Team) -> None:
    schedule.keep("sweep", "tests.fail", every_seconds=60, team=team)
    assert schedule.run_due() == 0
    later = timezone.now() + timedelta(minutes=10)
    assert schedule.run_due(later) == 1
    assert schedule.run_due(later) == 0
    assert schedule.run_due(later + timedelta(minutes=2)) == 0
    Job.objects.update(state=State.SUCCEEDED)
    assert schedule.run_due(later + timedelta(minutes=4)) == 1


def test_keeping_a_schedule_twice_changes_it_and_dropping_removes_it(transactional_db: None) -> None:
    schedule.keep("sweep", "tests.fail", every_seconds=60)
    kept = schedule.keep("sweep", "tests.fail", cron="0 3 * * *", args={"path": "x"})
    assert Schedule.objects.count() == 1
    assert (kept.next_at.hour, kept.every_seconds, kept.args) == (3, None, {"path": "x"})
    schedule.drop("sweep")
    assert not Schedule.objects.exists()
    with pytest.raises(Invalid):
        schedule.keep("sweep", "tests.fail")
