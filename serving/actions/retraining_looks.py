"""Looks at the triggers of retraining and leads on what is under way. The scheduler calls `tend`."""

import logging
import time
from collections.abc import Callable
from datetime import datetime, timedelta

from django.db import Error as DatabaseError
from django.db import transaction
from django.utils import timezone

from mlregistry.accounts.actor import Actor
from mlregistry.errors import MlregistryError
from serving.actions.retraining import UNDER_WAY, begin
from serving.actions.retraining_driving import advance
from serving.models import Retraining, RetrainingPolicy
from serving.queries import retraining as queries
from serving.queries import retraining_triggers

logger = logging.getLogger(__name__)
EVERY = timedelta(minutes=5)
COST = 50  # a look that took a second is not repeated before fifty have passed


def tend(now: datetime | None = None) -> int:
    """A chore: looks at the triggers that are due and leads on what is under way; how many attempts are open."""
    now = now or timezone.now()
    due = RetrainingPolicy.objects.filter(enabled=True, look_at__lte=now)
    for pk in list(due.order_by("look_at").values_list("pk", flat=True)):
        _guarded(_look, pk, now)
    keys = list(Retraining.objects.filter(ended_at=None).order_by("pk").values_list("pk", flat=True))
    for pk in keys:
        _guarded(advance, pk, now)
    return len(keys)


def _look(pk: int, now: datetime) -> None:
    """Asks one policy's triggers; the next look is written down, so that of two schedulers one asks."""
    with transaction.atomic():
        rows = RetrainingPolicy.objects.select_for_update(skip_locked=True, of=("self",))
        rows = rows.select_related("endpoint__team", "endpoint__problem", "created_by")
        policy = rows.filter(pk=pk, enabled=True, look_at__lte=now).first()
        if policy is None:
            return
        began = time.perf_counter()
        policy.note = _asked_triggers(policy, now)[:2_000]
        policy.looked_at = now
        policy.look_at = now + max(EVERY, timedelta(seconds=COST * (time.perf_counter() - began)))
        policy.save(update_fields=["note", "readings", "looked_at", "look_at"])


def _asked_triggers(policy: RetrainingPolicy, now: datetime) -> str:
    """Begins what is due; what the look saw, for the page."""
    policy.readings = []
    if queries.open_of(policy.endpoint) is not None:
        return UNDER_WAY
    rest = queries.rests_until(policy)
    if rest is not None and now < rest:
        return f"The cool-down lasts until {rest:%-d %b %Y, %H:%M} UTC."
    readings = retraining_triggers.readings(policy, now)
    policy.readings = [one.to_json() for one in readings]
    firing = next((one for one in readings if one.fires), None)
    if firing is None:
        return ""
    missing = retraining_triggers.labels_missing(policy, now)
    if missing > 0:
        return f"{firing.text} It waits for labelled rows: {missing:,} more are needed."
    by = Actor.system(policy.endpoint.team, user=policy.created_by)
    try:
        begin(policy, firing.trigger, firing.text, now=now, by=by)
    except MlregistryError as error:
        return f"{firing.text} {error.message}"
    return UNDER_WAY


def _guarded(action: Callable[[int, datetime], object], pk: int, now: datetime) -> None:
    """One that fails leaves the others be."""
    try:
        action(pk, now)
    except DatabaseError:
        raise
    except Exception:
        logger.exception("%s %d failed", action.__name__, pk)
