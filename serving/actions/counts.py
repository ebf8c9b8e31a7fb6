"""Adds a process's counts of answers to the database's rows. `serving.live_routing` calls it every second."""

from collections.abc import Mapping

from django.db import connection

from serving.hotpath.counters import Key, Tally

ADD = """
    INSERT INTO serving_answercount AS old
        (endpoint_id, variant, version_id, status, hour, n_requests, n_rows, seconds, histogram)
    SELECT e.id, %s, %s, %s, date_trunc('hour', now()), %s, %s, %s, %s
    FROM serving_endpoint e WHERE e.id = %s
    ON CONFLICT (endpoint_id, variant, version_id, status, hour) DO UPDATE SET
        n_requests = old.n_requests + excluded.n_requests,
        n_rows = old.n_rows + excluded.n_rows,
        seconds = old.seconds + excluded.seconds,
        histogram = (
            SELECT array_agg(coalesce(a, 0) + coalesce(b, 0) ORDER BY place)
            FROM unnest(old.histogram, excluded.histogram) WITH ORDINALITY AS both_of (a, b, place)
        )
"""


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
