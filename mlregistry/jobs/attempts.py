"""One attempt at a job, once it is claimed: keep the lease, write the end.

Every write carries the number of its attempt, so that a worker that was taken for dead
can change nothing. Called by runner and supervision.
"""

from dataclasses import dataclass, field
from datetime import timedelta
from enum import Enum
from typing import Any

from django.db import transaction
from django.db.models import Case, F, Value, When
from django.db.models.functions import Now
from django.utils import timezone

from . import claiming
from .claiming import Attempt
from .models import Job, JobLog, JobSamples, State
from .options import seconds


@dataclass
class Beat:
    """What a heartbeat writes: progress, and log lines numbered from `first_line`."""

    first_line: int
    lines: list[str] = field(default_factory=list)
    changes: dict[str, Any] = field(default_factory=dict)
    samples: dict[str, list[float]] | None = None


# A job that the server stopped, such as for a budget, has failed with the reason.
CANCELLED: dict[str, Any] = {
    "state": Case(When(stop_reason="", then=Value(State.CANCELLED)), default=Value(State.FAILED)),
    "error": F("stop_reason"),
    "message": Case(When(stop_reason="", then=Value("Cancelled")), default=Value("Stopped")),
}


# Whoever asked for a pause gets it, also when the worker died meanwhile.
WAITING = Case(When(pause_requested_at=None, then=Value(State.QUEUED)), default=Value(State.PAUSED))


class Standing(Enum):
    """How the row stands after a heartbeat."""

    OURS = "ours"
    CANCELLED = "cancelled"
    PAUSING = "pausing"
    LOST = "lost"


class End(Enum):
    SUCCEEDED = "succeeded"
    FAILED = "failed"  # tried again, up to max_attempts
    REFUSED = "refused"  # would fail the same way again
    CANCELLED = "cancelled"
    PAUSED = "paused"  # at a safe point; the attempt does not count
    RELEASED = "released"  # the worker stops; the attempt does not count
    YIELDED = "yielded"  # at a safe point, to let others go first; the attempt does not count
    LOST = "lost"  # another attempt owns the row


@dataclass(frozen=True)
class Outcome:
    end: End
    result: Any = None
    error: str = ""
    cpu_seconds: float | None = None  # of this attempt
    used: dict[str, Any] = field(default_factory=dict)  # columns of the job: of all its attempts


def claim(job_id: str, *, worker: str, pid: int) -> Attempt | None:
    """Take the job, or None when it is not there to be taken: running, finished, cancelled or not yet due."""
    return claiming.claim_named(job_id, worker=worker, pid=pid)


def beat(attempt: Attempt, beat: Beat) -> Standing:
    """Renew the lease and store what came since the last heartbeat, in one transaction."""
    n_lines = beat.first_line + len(beat.lines)
    with transaction.atomic():
        ours = _row(attempt).update(heartbeat_at=Now(), n_log_lines=n_lines, **beat.changes)
        if not ours:
            return Standing.LOST
        _append(attempt.job_id, beat.first_line, beat.lines)
        _keep_samples(attempt.job_id, beat.samples)
        wanted = Job.objects.filter(pk=attempt.job_id)
        cancel, pause = wanted.values_list("cancel_requested_at", "pause_requested_at").get()
    return Standing.CANCELLED if cancel else Standing.PAUSING if pause else Standing.OURS


def finish(attempt: Attempt, outcome: Outcome) -> bool:
    """Write how the attempt ended; True when the job waits in the queue again, to be run at once."""
    if outcome.end is End.LOST:
        return False
    changes: dict[str, Any] = {
        "pid": None,
        "child_pid": None,
        "eta_seconds": None,
        "pause_requested_at": None,
        "error": outcome.error,
        **outcome.used,
        **_ending(attempt, outcome),
    }
    with transaction.atomic():
        ours = _row(attempt).update(**changes)
        if ours:
            claiming.add_load(attempt.team_id, outcome.cpu_seconds)
    return bool(ours) and outcome.end in (End.RELEASED, End.YIELDED)


def note(job_id: str, text: str) -> None:
    """Add one line of the system's own to a job's log."""
    with transaction.atomic():
        job = Job.objects.select_for_update().get(pk=job_id)
        Job.objects.filter(pk=job_id).update(n_log_lines=job.n_log_lines + 1)
        _append(job_id, job.n_log_lines, [text])


def _ending(attempt: Attempt, outcome: Outcome) -> dict[str, Any]:
    finished = {"finished_at": Now()}
    if outcome.end is End.SUCCEEDED:
        return finished | {"state": State.SUCCEEDED, "progress": 1.0, "result": outcome.result}
    if outcome.end is End.CANCELLED:
        return finished | CANCELLED
    if outcome.end is End.PAUSED:
        return {"state": State.PAUSED, "n_tries": attempt.n_tries - 1, "nudged_at": None, "message": "Paused"}
    if outcome.end is End.RELEASED:
        return _again(n_tries=attempt.n_tries - 1, message="Its worker stopped; it waits for another")
    if outcome.end is End.YIELDED:
        waits = {"queued_at": Now(), "message": "Others go first; it waits for its next turn"}
        return {"state": WAITING, "n_tries": attempt.n_tries - 1, "nudged_at": None, **waits}
    if outcome.end is End.FAILED and attempt.n_tries < attempt.max_attempts:
        wait = seconds("JOB_RETRY_SECONDS") * 2 ** (attempt.n_tries - 1)
        message = f"Attempt {attempt.n_tries} of {attempt.max_attempts} failed; it will be tried again"
        return _again(scheduled_at=timezone.now() + timedelta(seconds=wait), message=message)
    return finished | {"state": State.FAILED}


def _again(**changes: Any) -> dict[str, Any]:
    return {"state": WAITING, "progress": 0.0, "nudged_at": None, **changes}


def _row(attempt: Attempt) -> Any:
    return Job.objects.filter(pk=attempt.job_id, attempt=attempt.number, state=State.RUNNING)


def _keep_samples(job_id: str, samples: dict[str, list[float]] | None) -> None:
    if samples:
        JobSamples.objects.bulk_create(
            [JobSamples(job_id=job_id, **samples)],
            update_conflicts=True,
            unique_fields=["job"],
            update_fields=list(samples),
        )


def _append(job_id: str, first: int, lines: list[str]) -> None:
    # A commit whose answer was lost is written again: the same numbers then hold the same lines.
    JobLog.objects.bulk_create(
        [JobLog(job_id=job_id, sequence=first + i, text=text) for i, text in enumerate(lines)],
        ignore_conflicts=True,
        batch_size=1000,
    )
