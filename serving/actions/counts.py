"""Adds a process's counts of answers to the database's rows. `serving.live_routing` calls it every second,
`serving.actions.retention` folds old hours."""

from collections.abc import Mapping
from datetime import UTC, datetime

from django.db import connection

from serving.hotpath.counters import Key, Tally

MERGE = """
    ON CONFLICT (endpoint_id, variant, version_id, status, hour) DO UPDATE SET
        n_requests = kept.n_requests + excluded.n_requests,
        n_rows = kept.n_rows + excluded.n_rows,
        seconds = kept.seconds + excluded.seconds,
        histogram = (
            SELECT array_agg(coalesce(a, 0) + coalesce(b, 0) ORDER BY place)
            FROM unnest(kept.histogram, excluded.histogram) WITH ORDINALITY AS both_of (a, b, place)
        )
"""
ADD = f"""
    INSERT INTO serving_answercount AS kept
        (endpoint_id, variant, version_id, status, hour, n_requests, n_rows, seconds, histogram)
    SELECT e.id, %s, %s, %s, date_trunc('hour', now()), %s, %s, %s, %s
    FROM serving_endpoint e WHERE e.id = %s
    {MERGE}
"""  # noqa: S608 - constants only
# Hours become their day (UTC), so that the sums of a counter, which never falls, stay what they were.
FOLD = f"""
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
    {MERGE}
"""  # noqa: S608 - constants only


def add_counts(tallies: Mapping[Key, Tally]) -> None:
    """Adds the tallies in one round trip, in the order of the key so that processes do not deadlock."""
    rows = [
        (key.variant, key.version_id, key.status, tally.n_requests, tally.n_rows, tally.seconds,
         tally.histogram, key.endpoint_id)
        for key, tally in sorted(tallies.items())
        if key.endpoint_id
    ]  # fmt: skip
    if not rows:
        return
    with connection.cursor() as cursor:
        cursor.execute("; ".join([ADD] * len(rows)), [value for row in rows for value in row])


def fold_hours(before: datetime) -> None:
    """Counts of answers of earlier days become one row a day."""
    with connection.cursor() as cursor:
        cursor.execute(FOLD, [before.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)])
