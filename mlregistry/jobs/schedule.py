"""Repeated jobs: `keep` a schedule under its name, `drop` it, `run_due` from the scheduler's loop."""

from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone

from mlregistry.accounts.models import Team
from mlregistry.errors import Invalid

from . import cron as cron_lines
from .models import Schedule
from .queue import enqueue


def keep(
    name: str,
    kind: str,
    *,
    args: dict[str, Any] | None = None,
    title: str = "",
    team: Team | None = None,
    cron: str = "",
    every_seconds: int | None = None,
    enabled: bool = True,
) -> Schedule:
    """Create or change the schedule of that name: either a cron line (UTC) or `every_seconds`."""
    if bool(cron) == bool(every_seconds):
        raise Invalid("A schedule needs either a cron line or a number of seconds.", field="cron")
    wanted = {"kind": kind, "args": args or {}, "title": title, "team": team, "enabled": enabled}
    rhythm = {"cron": cron, "every_seconds": every_seconds}
    next_at = _next(cron, every_seconds, timezone.now())
    with transaction.atomic():
        schedule, created = Schedule.objects.select_for_update().get_or_create(
            name=name, defaults=wanted | rhythm | {"next_at": next_at}
        )
        if created:
            return schedule
        if (schedule.cron, schedule.every_seconds) != (cron, every_seconds):
            schedule.next_at = next_at
        for field, value in (wanted | rhythm).items():
            setattr(schedule, field, value)
        schedule.save()
    return schedule


def kept(name: str) -> list[Schedule]:
    """None or one: what `drop` would delete."""
    return list(Schedule.objects.filter(name=name))


def drop(name: str) -> None:
    Schedule.objects.filter(name=name).delete()


def run_due(now: datetime | None = None) -> int:
    """Enqueue what is due. Time missed is made up for once; a job still under way is not started twice."""
    now = now or timezone.now()
    due = Schedule.objects.filter(enabled=True, next_at__lte=now).values_list("pk", flat=True)
    return sum(_run(pk, now) for pk in list(due))


def _run(pk: int, now: datetime) -> bool:
    with transaction.atomic():
        due = Schedule.objects.filter(pk=pk, enabled=True, next_at__lte=now)
        schedule = (
            due.select_for_update(skip_locked=True, of=("self",)).select_related("last_job", "team").first()
        )
        if schedule is None:
            return False
        schedule.next_at = _next(schedule.cron, schedule.every_seconds, now)
        busy = schedule.last_job is not None and schedule.last_job.is_live
        if not busy:
            title = schedule.title or schedule.name
            schedule.last_job = enqueue(
                schedule.kind, args=schedule.args, team=schedule.team, title=title, by=None
            )
        schedule.save(update_fields=["next_at", "last_job"])
    return not busy


def _next(cron: str, every_seconds: int | None, now: datetime) -> datetime:
    return cron_lines.parse(cron).after(now) if cron else now + timedelta(seconds=every_seconds or 0)
