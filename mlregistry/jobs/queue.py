"""How work gets into the background: `enqueue` writes the row and sends its message on commit."""

from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import transaction

from mlregistry.accounts.actor import Actor
from mlregistry.accounts.models import Role, Team
from mlregistry.errors import Invalid

from . import runner
from .engines import DEFAULT_CLASS
from .models import Job, Priority


def enqueue(
    kind: str,
    *,
    args: dict[str, Any],
    team: Team | None,
    title: str,
    memory_mb: int = 2048,
    timeout_seconds: int = 3600,
    max_attempts: int = 3,
    queue: str = DEFAULT_CLASS,
    priority: Priority = Priority.NORMAL,
    scheduled_at: datetime | None = None,
    by: Actor | None,
) -> Job:
    """A job of `kind` (a key of JOB_KINDS), run as soon as a worker is free, or from `scheduled_at` on."""
    if kind not in settings.JOB_KINDS:
        raise Invalid(f"There is no kind of job named {kind!r}.", field="kind")
    if priority == Priority.HIGH and by is not None:
        by.require(Role.OWNER)
    job = Job.objects.create(
        kind=kind,
        args=args,
        team=team,
        title=title[:300],
        created_by=by.user if by else None,
        memory_mb=memory_mb,
        timeout_seconds=timeout_seconds,
        max_attempts=max_attempts,
        queue=queue,
        priority=priority,
        scheduled_at=scheduled_at,
    )
    if scheduled_at is None:
        send(job)
    return job


def send(job: Job) -> None:
    """Send the job's message once the transaction is committed."""
    job_id, queue = str(job.pk), job.queue
    transaction.on_commit(lambda: runner.nudge(job_id, queue=queue))
