"""One attempt at a job, once it is claimed: keep the lease, write the end.

Every write carries the number of its attempt, so that a worker that was taken for dead
can change nothing. Called by runner and supervision.
"""

from dataclasses import dataclass, field
from datetime import timedelta
from enum import Enum
from typing import Any

from django.db import transaction
from django.db.models.functions import Now
from django.utils import timezone

from . import claiming
from .claiming import Attempt
from .models import Job, JobLog, State
from .options import seconds


@dataclass
class Beat:
    """What a heartbeat writes: progress, and log lines numbered from `first_line`."""

    first_line: int
    lines: list[str] = field(default_factory=list)
    changes: dict[str, Any] = field(default_factory=dict)


class Standing(Enum):
    """How the row stands after a heartbeat."""

    OURS = "ours"
    CANCELLED = "cancelled"
    LOST = "lost"


class End(Enum):
    SUCCEEDED = "succeeded"
    FAILED = "failed"  # tried again, up to max_attempts
    REFUSED = "refused"  # would fail the same way again
    CANCELLED = "cancelled"
    RELEASED = "released"  # the worker stops; the attempt does not count
    LOST = "lost"  # another attempt owns the row


@dataclass(frozen=True)
class Outcome:
    end: End
    result: Any = None
    error: str = ""
    cpu_seconds: float | None = None
    peak_memory_mb: float | None = None


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
        cancelled = Job.objects.filter(pk=attempt.job_id, cancel_requested_at__isnull=False).exists()
    return Standing.CANCELLED if cancelled else Standing.OURS


def finish(attempt: Attempt, outcome: Outcome) -> bool:
    """Write how the attempt ended; True when the job waits in the queue again, to be run at once."""
    if outcome.end is End.LOST:
        return False
    changes: dict[str, Any] = {
        "pid": None,
        "child_pid": None,
        "eta_seconds": None,
        "cpu_seconds": outcome.cpu_seconds,
        "peak_memory_mb": outcome.peak_memory_mb,
        "error": outcome.error,
        **_ending(attempt, outcome),
    }
    with transaction.atomic():
        ours = _row(attempt).update(**changes)
        if ours:
            claiming.add_load(attempt.team_id, outcome.cpu_seconds)
    return bool(ours) and outcome.end is End.RELEASED


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
        return finished | {"state": State.CANCELLED, "error": "", "message": "Cancelled"}
    if outcome.end is End.RELEASED:
        return _again(n_tries=attempt.n_tries - 1, message="Its worker stopped; it waits for another")
    if outcome.end is End.FAILED and attempt.n_tries < attempt.max_attempts:
        wait = seconds("JOB_RETRY_SECONDS") * 2 ** (attempt.n_tries - 1)
        message = f"Attempt {attempt.n_tries} of {attempt.max_attempts} failed; it will be tried again"
        return _again(scheduled_at=timezone.now() + timedelta(seconds=wait), message=message)
    return finished | {"state": State.FAILED}


def _again(**changes: Any) -> dict[str, Any]:
    return {"state": State.QUEUED, "progress": 0.0, "nudged_at": None, **changes}


def _row(attempt: Attempt) -> Any:
    return Job.objects.filter(pk=attempt.job_id, attempt=attempt.number, state=State.RUNNING)


def _append(job_id: str, first: int, lines: list[str]) -> None:
    # A commit whose answer was lost is written again: the same numbers then hold the same lines.
    JobLog.objects.bulk_create(
        [JobLog(job_id=job_id, sequence=first + i, text=text) for i, text in enumerate(lines)],
        ignore_conflicts=True,
        batch_size=1000,
    )
