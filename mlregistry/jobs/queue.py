"""How work gets into the background: `enqueue` writes the row and sends its message on commit."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import transaction

from mlregistry.accounts.actor import Actor
from mlregistry.accounts.models import Role, Team
from mlregistry.errors import Invalid

from . import runner, spending
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
    n_cells: int | None = None,
    parts: Sequence[str] = (),
    scheduled_at: datetime | None = None,
    by: Actor | None,
) -> Job:
    """A job of `kind` (a key of JOB_KINDS), run as soon as a worker is free, or from `scheduled_at` on.

    `n_cells` and `parts` (such as estimators) say what it works on, so that jobs like it can be estimated. Conflict
    when somebody asks for it and the team's budget is used up.
    """
    if kind not in settings.JOB_KINDS:
        raise Invalid(f"There is no kind of job named {kind!r}.", field="kind")
    queues = settings.TASKS["default"].get("QUEUES", [queue])
    if queue not in queues:
        raise Invalid(f"The class must be one of {', '.join(queues)}.", field="queue")
    if priority == Priority.HIGH and by is not None:
        by.require(Role.OWNER)
    if by is not None and team is not None:
        spending.refuse_over_budget(team, kind)
    job = Job.objects.create(
        kind=kind,
        args=args,
        team=team,
        title=title[:300],
        created_by=by.user if by else None,
        memory_mb=_within(queue, memory_mb),
        timeout_seconds=timeout_seconds,
        max_attempts=max_attempts,
        queue=queue,
        priority=priority,
        n_cells=n_cells,
        parts=sorted(set(parts)),
        scheduled_at=scheduled_at,
    )
    if scheduled_at is None:
        send(job)
    return job


def _within(queue: str, memory_mb: int) -> int:
    """No more memory than the machines of the class offer."""
    offer = settings.JOB_CLASSES.get(queue)
    return min(memory_mb, offer.memory_mb) if offer else memory_mb


def send(job: Job) -> None:
    """Send the job's message once the transaction is committed."""
    job_id, queue = str(job.pk), job.queue
    transaction.on_commit(lambda: runner.nudge(job_id, queue=queue))
