"""What an endpoint declares about drift: methods, thresholds, the window and how often it is looked at."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone

from mlregistry.accounts.actor import Actor
from mlregistry.accounts.audit import record
from mlregistry.accounts.models import Role
from mlregistry.errors import Invalid
from mlregistry.ml.drift.declaring import parse
from serving.models import BaselineState, DriftWatch, Endpoint

MOST_HOURS = 90 * 24
MOST_AT_ONCE = 100  # endpoints of one round of the chore
LEAST_MINUTES, MOST_MINUTES = 5, 7 * 24 * 60


def declare_drift(
    endpoint: Endpoint,
    declared: Mapping[str, Any],
    *,
    enabled: bool = True,
    window_hours: int = 24,
    every_minutes: int = 60,
    by: Actor,
) -> DriftWatch:
    """Takes the place of what was declared; the next check is at once and by it. Invalid names the field."""
    by.require(Role.EDITOR)
    parse(declared)
    _check_between(window_hours, "window_hours", 1, MOST_HOURS)
    _check_between(every_minutes, "every_minutes", LEAST_MINUTES, MOST_MINUTES)
    values = {
        "declared": dict(declared), "enabled": enabled, "window_hours": window_hours,
        "every_minutes": every_minutes, "next_at": timezone.now(),
    }  # fmt: skip
    with transaction.atomic():
        watch, _ = DriftWatch.objects.update_or_create(endpoint=endpoint, defaults=values)
        record(by, "drift.declare", endpoint, declared=dict(declared), enabled=enabled,
               window_hours=window_hours, every_minutes=every_minutes)  # fmt: skip
    return watch


def watch_all(now: datetime) -> None:
    """Every endpoint with a version that can be compared is looked at, unless it says otherwise."""
    rows = Endpoint.objects.filter(
        drift_watch=None, variants__version__drift_baseline__state=BaselineState.READY
    ).distinct()
    DriftWatch.objects.bulk_create(
        [DriftWatch(endpoint=endpoint, next_at=now) for endpoint in rows], ignore_conflicts=True
    )


def due(now: datetime) -> list[DriftWatch]:
    """Those whose time has come; the next one is written down, so that each is given out once."""
    with transaction.atomic():
        rows = DriftWatch.objects.select_for_update(skip_locked=True, of=("self",))
        found = list(
            rows.filter(enabled=True, next_at__lte=now).select_related("endpoint__team")[:MOST_AT_ONCE]
        )
        for watch in found:
            watch.next_at = now + timedelta(minutes=watch.every_minutes)
            watch.save(update_fields=["next_at"])
    return found


def _check_between(value: int, field: str, least: int, most: int) -> None:
    if not least <= value <= most:
        raise Invalid(f"{field} lies between {least} and {most:,}.", field=field)
