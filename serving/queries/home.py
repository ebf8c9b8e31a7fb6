"""What the start page tells of endpoints: their traffic of a day by hours, what fires. Two statements."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db.models import Count, Q, Sum

from mlregistry.accounts.actor import Actor
from serving import access
from serving.models import AlertRule, AlertState, AnswerCount, Endpoint

FIRING = Count("alert_rules", filter=Q(alert_rules__state=AlertState.FIRING, alert_rules__is_active=True))
HOURS = 24


def endpoints(by: Actor, *, most: int) -> list[Endpoint]:
    """Those with firing alerts first, as `n_firing`, then the newest changed."""
    rows = access.endpoints(by).select_related("problem").annotate(n_firing=FIRING)
    return list(rows.order_by("-n_firing", "-updated_at", "name")[:most])


def requests_by_hour(rows: list[Endpoint], now: datetime) -> dict[int, list[int]]:
    """By endpoint, the requests of the last 24 hours, the oldest first and this hour last."""
    last = now.replace(minute=0, second=0, microsecond=0)
    first = last - timedelta(hours=HOURS - 1)
    found = {row.pk: [0] * HOURS for row in rows}
    counts = AnswerCount.objects.filter(endpoint__in=rows, hour__gte=first)
    for endpoint_id, hour, n in (
        counts.order_by().values_list("endpoint_id", "hour").annotate(n=Sum("n_requests"))
    ):
        place = int((hour - first).total_seconds() // 3600)
        if 0 <= place < HOURS:
            found[endpoint_id][place] += n
    return found


def firing(by: Actor, *, most: int) -> list[AlertRule]:
    rows = access.alert_rules(by).filter(state=AlertState.FIRING, is_active=True).select_related("endpoint")
    return list(rows.order_by("-state_since")[:most])
