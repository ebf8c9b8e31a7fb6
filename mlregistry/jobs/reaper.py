"""Takes up what a dead worker or a deaf queue left behind. Called by the scheduler every few seconds."""

import logging
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.db.models.functions import Now
from django_tasks_db.models import DBTaskResult

from . import attempts, runner
from .models import Job, State
from .options import seconds

logger = logging.getLogger(__name__)
MOST_UNSENT = 200
MOST_SENT_AGAIN = 20
KEEP_MESSAGES = timedelta(days=1)


def sweep() -> int:
    """Requeue or fail jobs whose lease ran out, send the messages that are due; how many leases ran out."""
    n_expired = sum(_take_back(job_id) for job_id in _expired())
    for job_id, queue in _unsent():
        runner.nudge(str(job_id), queue=queue)
    return n_expired


def prune() -> int:
    """Remove old messages of the db engine; the job rows stay."""
    n_removed, _ = DBTaskResult.objects.finished().filter(finished_at__lt=Now() - KEEP_MESSAGES).delete()
    return n_removed


def _expired() -> list[str]:
    lease = timedelta(seconds=seconds("JOB_LEASE_SECONDS"))
    late = Job.objects.filter(state=State.RUNNING, heartbeat_at__lt=Now() - lease)
    return [str(pk) for pk in late.values_list("pk", flat=True)]


def _take_back(job_id: str) -> bool:
    lease = timedelta(seconds=seconds("JOB_LEASE_SECONDS"))
    with transaction.atomic():
        late = Job.objects.filter(pk=job_id, state=State.RUNNING, heartbeat_at__lt=Now() - lease)
        job = late.select_for_update(skip_locked=True).first()
        if job is None:
            return False
        attempts.note(
            job_id, f"[The worker {job.worker} died: no heartbeat since {job.heartbeat_at:%H:%M:%S} UTC.]"
        )
        gone = {"pid": None, "child_pid": None, "eta_seconds": None, "pause_requested_at": None}
        if job.cancel_requested_at is not None:
            changes: dict[str, Any] = {"finished_at": Now(), **attempts.CANCELLED}
        elif job.n_tries < job.max_attempts:
            text = f"Its worker died in attempt {job.n_tries} of {job.max_attempts}; it is tried again"
            changes = {"state": attempts.WAITING, "progress": 0.0, "nudged_at": None, "message": text}
        else:
            text = (
                f"Its worker died in the middle of the job, in attempt {job.n_tries} of {job.max_attempts}."
            )
            changes = {"state": State.FAILED, "finished_at": Now(), "error": text}
        Job.objects.filter(pk=job_id).update(**gone, **changes)
    logger.warning("The worker %s died during job %s (%s).", job.worker, job_id, job.kind)
    return True


def _unsent() -> list[tuple[str, str]]:
    """Jobs whose message was never sent or is due now, and the oldest of those whose message may be lost."""
    due = Job.objects.filter(Q(scheduled_at=None) | Q(scheduled_at__lte=Now()), state=State.QUEUED)
    # A fresh row's message is on its way: its own transaction sends it on commit.
    fresh = Now() - timedelta(seconds=min(2.0, seconds("JOB_RENUDGE_SECONDS")))
    unsent = due.filter(nudged_at=None).filter(Q(created_at__lt=fresh) | Q(attempt__gt=0))
    silent = due.filter(nudged_at__lt=Now() - timedelta(seconds=seconds("JOB_RENUDGE_SECONDS")))
    rows = [
        *unsent.order_by("created_at").values_list("pk", "queue")[:MOST_UNSENT],
        *silent.order_by("created_at").values_list("pk", "queue")[:MOST_SENT_AGAIN],
    ]
    return [(str(pk), queue) for pk, queue in rows]
