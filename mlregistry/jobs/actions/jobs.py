"""Cancel, pause, resume, change a job, run a finished one again. Called by every door."""

from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from mlregistry.accounts import audit
from mlregistry.accounts.actor import Actor
from mlregistry.accounts.models import Role
from mlregistry.errors import Conflict, Invalid
from mlregistry.jobs import spending
from mlregistry.jobs.models import Job, Priority, State
from mlregistry.jobs.queue import send

AGAIN = (State.FAILED, State.CANCELLED)
WAITING = (State.QUEUED, State.PAUSED)
LEAST_MEMORY_MB = 64
MOST_SECONDS = 14 * 24 * 3600


@dataclass(frozen=True)
class Changes:
    """Other limits, priority or class for a job; what is None stays."""

    memory_mb: int | None = None
    timeout_seconds: int | None = None
    priority: Priority | None = None
    queue: str | None = None


def cancel(job: Job, *, by: Actor) -> Job:
    """A waiting job is cancelled at once; a running one is asked to stop and is killed soon after."""
    by.require(Role.EDITOR)
    with transaction.atomic():
        job = Job.objects.select_for_update().get(pk=job.pk)
        if not job.is_live:
            raise Conflict(f"The job has ended already: it is {job.get_state_display().lower()}.")
        now = timezone.now()
        job.cancel_requested_at = job.cancel_requested_at or now
        if job.state in WAITING:
            job.state, job.finished_at, job.message = State.CANCELLED, now, "Cancelled"
        job.save(update_fields=["cancel_requested_at", "state", "finished_at", "message"])
        audit.record(by, "job.cancel", job)
    return job


def pause(job: Job, *, by: Actor) -> Job:
    """A queued job waits until it is resumed; a running one stops at its next safe point and frees its worker."""
    by.require(Role.EDITOR)
    with transaction.atomic():
        job = Job.objects.select_for_update().get(pk=job.pk)
        _check_pausable(job)
        if job.state == State.QUEUED:
            job.state, job.message = State.PAUSED, "Paused"
        else:
            job.pause_requested_at = timezone.now()
        job.save(update_fields=["state", "message", "pause_requested_at"])
        audit.record(by, "job.pause", job)
    return job


def resume(job: Job, *, by: Actor) -> Job:
    """A paused job waits for a worker again, and goes on where it stood."""
    by.require(Role.EDITOR)
    with transaction.atomic():
        job = Job.objects.select_for_update().get(pk=job.pk)
        if job.state == State.RUNNING and job.pause_requested_at is not None:
            raise Conflict("The job is about to pause; resume it once it has.")
        if job.state != State.PAUSED:
            raise Conflict(
                f"Only a paused job can be resumed; this one is {job.get_state_display().lower()}."
            )
        _check_budget(job)
        job.state, job.message, job.nudged_at, job.queued_at = State.QUEUED, "", None, timezone.now()
        job.save(update_fields=["state", "message", "nudged_at", "queued_at"])
        audit.record(by, "job.resume", job)
        send(job)
    return job


def change(job: Job, changes: Changes, *, by: Actor) -> Job:
    """Other limits, priority or class for a job that waits."""
    by.require(Role.EDITOR)
    with transaction.atomic():
        job = Job.objects.select_for_update().get(pk=job.pk)
        if job.state not in WAITING:
            raise Conflict(
                f"Only a job that waits can be changed; this one is {job.get_state_display().lower()}."
            )
        columns = _checked(job, changes, by)
        if columns:
            # Its message goes to the queue of its class.
            Job.objects.filter(pk=job.pk).update(**columns)
            job.refresh_from_db()
            audit.record(by, "job.change", job, **columns)
            if job.state == State.QUEUED:
                send(job)
    return job


def retry(job: Job, changes: Changes | None = None, *, by: Actor) -> Job:
    """Queue a failed or cancelled job again, with all its attempts before it, and other limits if wanted."""
    by.require(Role.EDITOR)
    with transaction.atomic():
        job = Job.objects.select_for_update().get(pk=job.pk)
        if job.state not in AGAIN:
            raise Conflict(f"Only a failed or cancelled job can run again; this one is {job.state.lower()}.")
        columns = _checked(job, changes or Changes(), by)
        _check_budget(job)
        Job.objects.filter(pk=job.pk).update(**columns, **_fresh())
        job.refresh_from_db()
        audit.record(by, "job.retry", job, **columns)
        send(job)
    return job


def _fresh() -> dict[str, Any]:
    """Columns of a job that waits for its first attempt; what it used before still counts."""
    cleared = (
        "result",
        "cancel_requested_at",
        "pause_requested_at",
        "scheduled_at",
        "nudged_at",
        "finished_at",
    )
    empty: dict[str, Any] = {"message": "", "error": "", "stop_reason": "", "phases": [], "started_at": None}
    counts = {"n_tries": 0, "progress": 0.0, "queued_at": timezone.now()}
    return {"state": State.QUEUED, **counts, **empty, **dict.fromkeys(cleared)}


def _check_pausable(job: Job) -> None:
    if not job.is_live:
        raise Conflict(f"The job has ended already: it is {job.get_state_display().lower()}.")
    if job.state == State.PAUSED or job.pause_requested_at is not None:
        raise Conflict("The job is paused already, or about to be.")
    if not job.can_pause:
        raise Conflict(
            "Jobs of this kind cannot be paused while they run: they have no safe point. Cancel it instead."
        )


def _check_budget(job: Job) -> None:
    if job.team is not None:
        spending.refuse_over_budget(job.team, job.kind)


def _checked(job: Job, changes: Changes, by: Actor) -> dict[str, Any]:
    """The columns that change; Invalid names the field."""
    wanted = {name: value for name, value in vars(changes).items() if value is not None}
    queue = wanted.get("queue", job.queue)
    if "queue" in wanted and queue not in settings.JOB_CLASSES:
        raise Invalid(f"The class must be one of {', '.join(settings.JOB_CLASSES)}.", field="queue")
    offer = settings.JOB_CLASSES.get(queue)
    most = offer.memory_mb if offer else job.memory_mb
    if not LEAST_MEMORY_MB <= wanted.get("memory_mb", job.memory_mb) <= max(most, LEAST_MEMORY_MB):
        raise Invalid(
            f"The class {queue} offers a job from {LEAST_MEMORY_MB} to {most:,} MB of memory.",
            field="memory_mb",
        )
    if not 1 <= wanted.get("timeout_seconds", 1) <= MOST_SECONDS:
        raise Invalid(f"The time limit must be from 1 to {MOST_SECONDS:,} seconds.", field="timeout_seconds")
    if wanted.get("priority") == Priority.HIGH and job.priority != Priority.HIGH:
        by.require(Role.OWNER)
    return {name: value for name, value in wanted.items() if value != getattr(job, name)}
