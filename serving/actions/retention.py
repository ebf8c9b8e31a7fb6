"""How long predictions are kept. The chore `tend` makes the coming weeks' partitions and removes what is too old."""

import logging
from datetime import UTC, datetime, timedelta

from django.db import connection
from django.utils import timezone

from serving import partitions
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
# Hours become their day (UTC), so that the sums of a counter, which never falls, stay what they were.
FOLD_COUNTS = """
    WITH old AS (
        DELETE FROM serving_answercount WHERE hour < %s AND hour <> date_trunc('day', hour, 'UTC') RETURNING *
    ), days AS (
        SELECT endpoint_id, variant, version_id, status, date_trunc('day', hour, 'UTC') AS hour,
               sum(n_requests) AS n_requests, sum(n_rows) AS n_rows, sum(seconds) AS seconds
        FROM old GROUP BY 1, 2, 3, 4, 5
    )
    INSERT INTO serving_answercount AS kept
        (endpoint_id, variant, version_id, status, hour, n_requests, n_rows, seconds, histogram)
    SELECT d.*, (
        SELECT array_agg(n ORDER BY place) FROM (
            SELECT place, sum(bucket) AS n
            FROM old o CROSS JOIN LATERAL unnest(o.histogram) WITH ORDINALITY AS h (bucket, place)
            WHERE (o.endpoint_id, o.variant, o.version_id, o.status, date_trunc('day', o.hour, 'UTC'))
                = (d.endpoint_id, d.variant, d.version_id, d.status, d.hour)
            GROUP BY place
        ) AS places
    ) FROM days d
    ON CONFLICT (endpoint_id, variant, version_id, status, hour) DO UPDATE SET
        n_requests = kept.n_requests + excluded.n_requests,
        n_rows = kept.n_rows + excluded.n_rows,
        seconds = kept.seconds + excluded.seconds,
        histogram = (
            SELECT array_agg(coalesce(a, 0) + coalesce(b, 0) ORDER BY place)
            FROM unnest(kept.histogram, excluded.histogram) WITH ORDINALITY AS both_of (a, b, place)
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
    _fold_counts(now - HOURS_KEPT)
    UnitFeedback.objects.filter(received_at__lt=now - UNIT_FEEDBACK_KEPT).delete()


def _fold_counts(before: datetime) -> None:
    """Counts of answers that are older become one row a day."""
    with connection.cursor() as cursor:
        cursor.execute(
            FOLD_COUNTS, [before.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)]
        )


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
