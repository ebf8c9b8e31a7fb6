"""How long predictions are kept. The chore `tend` makes the coming weeks' partitions and removes what is too old."""

import logging
from datetime import datetime, timedelta

from django.db import connection
from django.utils import timezone

from serving import partitions
from serving.actions.counts import fold_hours
from serving.actions.logcounts import fold_stale
from serving.models import Endpoint, UnitFeedback
from serving.partitions import Week

logger = logging.getLogger(__name__)
AT_ONCE = 10_000
MOST_ROUNDS = 100  # of one chore; the rest is taken the next time
UNIT_FEEDBACK_KEPT = timedelta(days=30)
HOURS_KEPT = timedelta(days=90)
DELETE = """
    DELETE FROM serving_prediction WHERE (request_id, "row") IN (
        SELECT request_id, "row" FROM serving_prediction WHERE endpoint_id = %s AND at < %s LIMIT %s
    )
"""
# Feedback whose prediction is gone would otherwise stay for ever.
DELETE_FEEDBACK = "DELETE FROM serving_feedback WHERE endpoint_id = %s AND request_id < %s AND at < %s"


def tend(now: datetime | None = None) -> None:
    """Every hour."""
    now = now or timezone.now()
    partitions.make_ahead(now)
    cutoffs = _cutoffs(now)
    for week in partitions.weeks():
        if week.end <= now and _is_over(week, cutoffs):
            partitions.drop(week)
            logger.info("The predictions of the week of %s are deleted", f"{week.start:%Y-%m-%d}")
    for endpoint_id, cutoff in cutoffs.items():
        _delete(endpoint_id, cutoff)
    fold_stale()
    fold_hours(now - HOURS_KEPT)
    UnitFeedback.objects.filter(received_at__lt=now - UNIT_FEEDBACK_KEPT).delete()


def _cutoffs(now: datetime) -> dict[int, datetime]:
    """What is older goes, by endpoint; endpoints that keep everything are left out."""
    rows = Endpoint.objects.exclude(log_retention_days=None).values_list("pk", "log_retention_days")
    return {pk: now - timedelta(days=days or 0) for pk, days in rows}


def _is_over(week: Week, cutoffs: dict[int, datetime]) -> bool:
    """Whether every endpoint that has rows of the week has let go of all of it."""
    with connection.cursor() as cursor:
        # One probe of the index for each endpoint, whatever the number of rows.
        cursor.execute(
            f"SELECT e.id FROM serving_endpoint e WHERE EXISTS ("  # noqa: S608 - the name is made of a date
            f" SELECT FROM {week.table} p WHERE p.endpoint_id = e.id)"
        )
        holders = [int(row[0]) for row in cursor.fetchall()]
    return all(pk in cutoffs and week.end <= cutoffs[pk] for pk in holders)


def _delete(endpoint_id: int, cutoff: datetime) -> None:
    """Row by row what does not fill a week: a few thousand at once, so that nobody waits for a lock."""
    with connection.cursor() as cursor:
        for _ in range(MOST_ROUNDS):
            cursor.execute(DELETE, [endpoint_id, cutoff, AT_ONCE])
            if cursor.rowcount < AT_ONCE:
                break
        cursor.execute(DELETE_FEEDBACK, [endpoint_id, str(partitions.first_id(cutoff)), cutoff])
