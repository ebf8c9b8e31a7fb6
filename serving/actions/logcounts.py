"""Adds up what became of logged rows. `serving.live_routing` adds what was enqueued, `serving.shipping` what was
written; a row of counts of a process that has ended is settled, so that the sums hold after a kill, too."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from django.db import connection, transaction
from django.utils import timezone

STALE = timedelta(days=1)
ADD = """
    INSERT INTO serving_logcount AS old
        (endpoint_id, source, n_enqueued, n_written, n_dropped, n_refused, changed_at)
    SELECT e.id, %s, %s, %s, %s, %s, now() FROM serving_endpoint e WHERE e.id = %s
    ON CONFLICT (endpoint_id, source) DO UPDATE SET
        n_enqueued = old.n_enqueued + excluded.n_enqueued, n_written = old.n_written + excluded.n_written,
        n_dropped = old.n_dropped + excluded.n_dropped, n_refused = old.n_refused + excluded.n_refused,
        changed_at = now()
"""
# The segments tell the truth of a process that is gone: what is in none of them was lost with its memory.
SETTLE = """
    UPDATE serving_logcount SET
        n_enqueued = greatest(n_enqueued, n_written + n_dropped),
        n_dropped = n_dropped + greatest(n_enqueued - n_written - n_dropped, 0),
        changed_at = now()
    WHERE {which} AND n_enqueued <> n_written + n_dropped
"""
FOLD = """
    WITH gone AS (
        DELETE FROM serving_logcount WHERE source <> '' AND changed_at < %s RETURNING *
    )
    INSERT INTO serving_logcount AS old
        (endpoint_id, source, n_enqueued, n_written, n_dropped, n_refused, changed_at)
    SELECT endpoint_id, '', sum(n_enqueued), sum(n_written), sum(n_dropped), sum(n_refused), now()
    FROM gone GROUP BY endpoint_id
    ON CONFLICT (endpoint_id, source) DO UPDATE SET
        n_enqueued = old.n_enqueued + excluded.n_enqueued, n_written = old.n_written + excluded.n_written,
        n_dropped = old.n_dropped + excluded.n_dropped, n_refused = old.n_refused + excluded.n_refused,
        changed_at = now()
"""


@dataclass(slots=True)
class Amounts:
    """Rows of one endpoint, and requests that were refused."""

    n_enqueued: int = 0
    n_written: int = 0
    n_dropped: int = 0
    n_refused: int = 0


def add_log_counts(source: str, amounts: Mapping[int, Amounts]) -> None:
    """Adds the amounts by endpoint in one round trip; those of deleted endpoints are let go."""
    values = [
        value
        for endpoint_id, one in sorted(amounts.items())
        for value in (source, one.n_enqueued, one.n_written, one.n_dropped, one.n_refused, endpoint_id)
    ]
    if values:
        with connection.cursor() as cursor:
            cursor.execute("; ".join([ADD] * len(amounts)), values)


def settle(source: str) -> None:
    """The process is gone and all its segments are shipped: what it had counted beyond them was lost."""
    with connection.cursor() as cursor:
        cursor.execute(SETTLE.format(which="source = %s"), [source])


def fold_stale() -> None:
    """Settles and joins the rows of processes that ended long ago, so that their number stays small."""
    before = timezone.now() - STALE
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(SETTLE.format(which="source <> '' AND changed_at < %s"), [before])
        cursor.execute(FOLD, [before])
