"""Reads an endpoint's counters once a minute, for the figures of alert rules. `alert_looks` calls it."""

from datetime import datetime, timedelta
from typing import Any

from django.db.models import Sum

from mlregistry.sql_rows import fetched
from serving.hotpath.counters import BOUNDS
from serving.models import Endpoint, EndpointReading, LogCount

EVERY = timedelta(minutes=1)
SLACK = timedelta(seconds=5)  # a scheduler that comes a moment early
KEPT = timedelta(days=8)
LOG_TOTALS = ("n_enqueued", "n_dropped", "n_refused")
N_BUCKETS = len(BOUNDS) + 1
# A count that is committed late lies in the hour before the present one at most.
COUNTS = """
    SELECT hour >= %(open)s, status / 100, place, sum(bucket)::bigint
    FROM serving_answercount c CROSS JOIN LATERAL unnest(c.histogram) WITH ORDINALITY AS h (bucket, place)
    WHERE c.endpoint_id = %(endpoint)s AND hour >= %(since)s
    GROUP BY 1, 2, 3
"""
Counts = dict[str, Any]


def read_counters(endpoint: Endpoint, now: datetime) -> bool:
    """A reading, unless the newest is younger than a minute; False then, and when another process was quicker.

    Call it in a transaction: two that read at once have the same reading before them, and one of both is kept;
    the first of all has none before it, and counts nothing.
    """
    newest = EndpointReading.objects.filter(endpoint=endpoint).order_by("-at").first()
    if newest is not None and now - newest.at < EVERY - SLACK:
        return False
    made = _reading(endpoint, newest, now)
    kept = EndpointReading.objects.bulk_create([made], ignore_conflicts=True)
    EndpointReading.objects.filter(endpoint=endpoint, at__lt=now - KEPT).delete()
    return bool(kept)


def _reading(endpoint: Endpoint, newest: EndpointReading | None, now: datetime) -> EndpointReading:
    open_hour = now.replace(minute=0, second=0, microsecond=0) - timedelta(hours=1)
    since_hour = min(open_hour, newest.open_hour) if newest else open_hour
    every, still_open = _counted(endpoint, since_hour, open_hour)
    logged = LogCount.objects.filter(endpoint=endpoint).aggregate(**{name: Sum(name) for name in LOG_TOTALS})
    totals = {name: int(logged[name] or 0) for name in LOG_TOTALS}
    made = EndpointReading(
        endpoint=endpoint, since=newest.at if newest else now, at=now, open_hour=open_hour,
        open_counts=still_open, log_totals=totals, histogram=[0] * N_BUCKETS,
    )  # fmt: skip
    if newest is not None:
        former = newest.open_counts
        for name in ("n_requests", "n_errors", "n_mistakes"):
            setattr(made, name, max(every[name] - former[name], 0))
        pairs = zip(every["histogram"], former["histogram"], strict=True)
        made.histogram = [max(new - old, 0) for new, old in pairs]
        for name in LOG_TOTALS:
            setattr(made, name, max(totals[name] - newest.log_totals.get(name, 0), 0))
    return made


def _counted(endpoint: Endpoint, since: datetime, open_hour: datetime) -> tuple[Counts, Counts]:
    """Counts of all hours since then, and of those that are still open."""
    every, still_open = _nothing(), _nothing()
    values = {"endpoint": endpoint.pk, "since": since, "open": open_hour}
    for is_open, hundreds, place, n in fetched(COUNTS, values):
        for counts in (every, still_open) if is_open else (every,):
            _add(counts, hundreds, place, int(n))
    return every, still_open


def _nothing() -> Counts:
    return {"n_requests": 0, "n_errors": 0, "n_mistakes": 0, "histogram": [0] * N_BUCKETS}


def _add(counts: Counts, hundreds: int, place: int, n: int) -> None:
    counts["n_requests"] += n
    if hundreds >= 5:
        counts["n_errors"] += n
    elif hundreds == 4:
        counts["n_mistakes"] += n
    else:
        counts["histogram"][place - 1] += n
