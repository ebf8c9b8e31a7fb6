"""Pause, resume, change, retry with changes: the actions, the doors, and a real job that stops at a safe point."""

from collections.abc import Callable
from pathlib import Path

import pytest
from django.test import Client
from pytest_django import Settings
from rest_framework.test import APIClient

from mlregistry.accounts.actor import Actor
from mlregistry.accounts.models import AuditEvent, Role, Team, User
from mlregistry.errors import Conflict, Forbidden, Invalid
from mlregistry.jobs import attempts, reaper
from mlregistry.jobs.actions.jobs import Changes, cancel, change, pause, resume, retry
from mlregistry.jobs.attempts import Beat, Standing
from mlregistry.jobs.claiming import claim_named
from mlregistry.jobs.context import JobContext
from mlregistry.jobs.engines import QUEUES
from mlregistry.jobs.models import Job, Priority, State
from mlregistry.jobs.queries.jobs import place_of

from .conftest import Engine, is_alive, lines_of, wait_for, wait_until_ended, wait_until_running
from .test_rows import let_lease_run_out

Submit = Callable[..., Job]
Api = Callable[..., APIClient]
Web = Callable[[User], Client]
PAUSABLE = {"tests.count_up"}


@pytest.fixture(autouse=True)
def pausable(settings: Settings) -> None:
    settings.PAUSABLE_JOB_KINDS = PAUSABLE
    settings.TASKS = {"default": {"BACKEND": "django_tasks.backends.dummy.DummyBackend", "QUEUES": QUEUES}}


@pytest.fixture
def by(team: Team) -> Actor:
    return Actor.system(team)


@pytest.fixture
def job(team: Team) -> Job:
    return Job.objects.create(team=team, kind="tests.count_up", title="count")


def running(job: Job) -> Job:
    assert claim_named(str(job.pk), worker="w", pid=1) is not None
    job.refresh_from_db()
    return job


def test_a_paused_job_is_not_claimed_until_it_is_resumed(job: Job, by: Actor) -> None:
    assert pause(job, by=by).state == State.PAUSED
    assert claim_named(str(job.pk), worker="w", pid=1) is None
    with pytest.raises(Conflict, match="paused already"):
        pause(job, by=by)
    assert resume(job, by=by).state == State.QUEUED
    assert claim_named(str(job.pk), worker="w", pid=1) is not None
    with pytest.raises(Conflict, match="Only a paused job"):
        resume(job, by=by)
    actions = list(AuditEvent.objects.order_by("pk").values_list("action", flat=True))
    assert actions == ["job.pause", "job.resume"]


def test_a_running_job_is_asked_and_one_without_safe_points_refuses(job: Job, team: Team, by: Actor) -> None:
    attempt = claim_named(str(job.pk), worker="w", pid=1)
    assert attempt is not None
    asked = pause(job, by=by)
    assert (asked.state, asked.pause_requested_at is None) == (State.RUNNING, False)
    assert attempts.beat(attempt, Beat(0)) is Standing.PAUSING
    other = running(Job.objects.create(team=team, kind="tests.sleep", title="s"))
    with pytest.raises(Conflict, match="no safe point"):
        pause(other, by=by)


def test_a_paused_job_can_be_cancelled(job: Job, by: Actor) -> None:
    pause(job, by=by)
    assert cancel(job, by=by).state == State.CANCELLED
    with pytest.raises(Conflict, match="ended already"):
        pause(job, by=by)


def test_a_job_whose_worker_died_while_it_was_to_pause_is_paused(
    job: Job, by: Actor, transactional_db: None
) -> None:
    running(job)
    pause(job, by=by)
    let_lease_run_out(job)
    reaper.sweep()
    job.refresh_from_db()
    assert (job.state, job.pause_requested_at) == (State.PAUSED, None)


def test_a_waiting_job_changes_and_a_running_one_does_not(job: Job, by: Actor, team: Team) -> None:
    changed = change(job, Changes(priority=Priority.HIGH, queue="bigmem", memory_mb=100_000), by=by)
    assert (changed.priority, changed.queue, changed.memory_mb) == (Priority.HIGH, "bigmem", 100_000)
    editor = Actor(user=None, team=team, role=Role.EDITOR)
    assert change(job, Changes(priority=Priority.LOW), by=editor).priority == Priority.LOW
    with pytest.raises(Forbidden):
        change(job, Changes(priority=Priority.HIGH), by=editor)
    with pytest.raises(Invalid, match="cpu offers a job from 64 to 16,384 MB"):
        change(job, Changes(queue="cpu"), by=by)
    with pytest.raises(Invalid, match="must be one of cpu, bigmem, gpu"):
        change(job, Changes(queue="moon"), by=by)
    with pytest.raises(Invalid, match="time limit"):
        change(job, Changes(timeout_seconds=10**8), by=by)
    running(job)
    with pytest.raises(Conflict, match="Only a job that waits"):
        change(job, Changes(priority=Priority.LOW), by=by)


def test_a_failed_job_runs_again_with_other_limits(api: Api, bob: User, job: Job) -> None:
    Job.objects.filter(pk=job.pk).update(
        state=State.FAILED, error="no memory", stop_reason="x", cpu_seconds=9.0
    )
    wanted = {"memory_mb": 4096, "timeout_seconds": 60, "priority": "low", "queue": "gpu"}
    answer = api(bob).post(f"/api/v1/jobs/{job.pk}/retry", wanted, format="json").json()
    assert {name: answer[name] for name in wanted} == wanted
    job.refresh_from_db()
    assert (job.state, job.error, job.stop_reason, job.cpu_seconds) == (State.QUEUED, "", "", 9.0)


def test_the_api_pauses_resumes_changes_and_tells_the_place(
    api: Api, bob: User, vera: User, team: Team, job: Job
) -> None:
    address = f"/api/v1/jobs/{job.pk}"
    Job.objects.create(team=team, kind="tests.sleep", title="first", priority=Priority.HIGH)
    assert api(vera).get(address).json()["position"] == 2
    assert api(bob).patch(address, {"priority": "low"}, format="json").json()["priority"] == "low"
    assert api(bob).patch(address, {"priority": "high"}, format="json").status_code == 403
    assert api(bob).patch(address, {"priority": "soon"}, format="json").status_code == 400
    assert api(bob).patch(address, {"memory_mb": "x"}, format="json").status_code == 400
    assert api(vera).post(f"{address}/pause").status_code == 403
    assert api(bob).post(f"{address}/pause").json()["state"] == State.PAUSED
    assert api(bob).post(f"{address}/pause").status_code == 409
    assert api(bob).post(f"{address}/resume").json()["state"] == State.QUEUED
    assert api(vera).get(f"{address}/resources").json()["seconds"] == []


def test_the_pages_have_the_buttons_and_the_place_in_the_queue(
    web: Web, bob: User, vera: User, team: Team, other_team: Team, job: Job
) -> None:
    first = Job.objects.create(team=team, kind="tests.sleep", title="the first one", priority=Priority.HIGH)
    Job.objects.create(team=other_team, kind="tests.sleep", title="a secret", priority=Priority.HIGH)
    place = place_of(job)
    assert place is not None
    assert (place.position, place.n_of_others, place.before) == (3, 1, [first])
    text = web(bob).get(f"/jobs/{job.pk}/").content.decode()
    assert "number 3 in the queue" in text
    assert "the first one" in text
    assert "a secret" not in text
    assert f"/jobs/{job.pk}/pause" in text
    assert f"/jobs/{job.pk}/pause" not in web(vera).get(f"/jobs/{job.pk}/").content.decode()
    assert web(bob).post(f"/jobs/{job.pk}/pause").status_code == 302
    assert "Resume" in web(bob).get(f"/jobs/{job.pk}/").content.decode()
    assert (
        web(bob).post(f"/jobs/{job.pk}/change", {"priority": "low", "timeout_minutes": "5"}).status_code
        == 302
    )
    assert web(bob).post(f"/jobs/{job.pk}/resume").status_code == 302
    job.refresh_from_db()
    assert (job.state, job.priority, job.timeout_seconds) == (State.QUEUED, Priority.LOW, 300)


def test_the_list_is_filtered_by_state_kind_and_person(web: Web, bob: User, team: Team, job: Job) -> None:
    Job.objects.create(team=team, kind="tests.sleep", title="of bob", created_by=bob, state=State.FAILED)
    for query in ("state=FAILED", "kind=tests.sleep", "person=bob", "person=alice"):
        text = web(bob).get(f"/jobs/?{query}").content.decode()
        assert ("of bob" in text) is (query != "person=alice")
        assert "count</a>" not in text


def test_retry_without_changes_keeps_everything(job: Job, by: Actor) -> None:
    Job.objects.filter(pk=job.pk).update(state=State.CANCELLED)
    again = retry(job, by=by)
    assert (again.memory_mb, again.timeout_seconds, again.priority, again.queue) == (2048, 3600, 0, "cpu")


def test_a_checkpoint_holds_little() -> None:
    context = JobContext(job_id="j", attempt=1, send=lambda event: None, stopped=lambda: False)
    context.checkpoint({"done": 3})
    with pytest.raises(ValueError, match="64 KiB"):
        context.checkpoint({"text": "x" * 70_000})


@pytest.mark.parametrize("engine", ["db"], indirect=True)
def test_a_real_job_stops_at_its_safe_point_frees_the_worker_and_goes_on_there(
    engine: Engine, submit: Submit, settings: Settings, tmp_path: Path, transactional_db: None
) -> None:
    settings.TASKS = {"default": {"BACKEND": "django_tasks_db.DatabaseBackend", "QUEUES": QUEUES}}
    by = Actor.system(Team.objects.create(name="Churn", slug="churn"))
    path, gate = tmp_path / "steps", tmp_path / "gate"
    job = submit("count_up", args={"path": str(path), "upto": 20, "gate": str(gate)})
    child = wait_until_running(job)
    wait_for(lambda: len(lines_of(path)) >= 3)
    pause(job, by=by)
    wait_for(lambda: Job.objects.filter(pk=job.pk, state=State.PAUSED).exists())
    assert not is_alive(child)
    done = lines_of(path)
    job.refresh_from_db()
    assert (job.n_tries, job.checkpoint) == (0, {"done": len(done)})
    gate.touch()
    resume(job, by=by)
    wait_until_ended(job)
    assert (job.state, job.attempt, job.n_tries) == (State.SUCCEEDED, 2, 1)
    assert lines_of(path) == [f"1 {n}" for n in range(len(done))] + [f"2 {n}" for n in range(len(done), 20)]
