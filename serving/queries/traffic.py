"""What an endpoint answered in the last minutes to days: sums of its readings. For the figures of alert rules."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import F, Sum

from mlregistry.sql_rows import fetched
from serving.hotpath.counters import BOUNDS
from serving.models import Endpoint, EndpointReading

SUMMED = ("n_requests", "n_errors", "n_mistakes", "n_enqueued", "n_dropped", "n_refused")
STRADDLING = timedelta(seconds=90)  # a reading may begin so long before the window in which it ends
BUCKETS = """
    SELECT sum(n)::bigint FROM serving_endpointreading
    CROSS JOIN LATERAL unnest(histogram) WITH ORDINALITY AS bucket (n, place)
    WHERE endpoint_id = %s AND at > %s AND since >= %s AND at <= %s GROUP BY place ORDER BY place
"""


@dataclass(frozen=True)
class Traffic:
    """`seconds` is how long was watched."""

    seconds: float
    n_requests: int
    n_errors: int
    n_mistakes: int
    n_enqueued: int
    n_dropped: int
    n_refused: int

    @property
    def n_judged(self) -> int:
        """Answers without those that were the client's mistake."""
        return self.n_requests - self.n_mistakes


def traffic(endpoint: Endpoint, since: datetime, until: datetime) -> Traffic:
    """Of the readings of that time; one that stands for hours, as nobody read meanwhile, is none of minutes."""
    rows = EndpointReading.objects.filter(endpoint=endpoint, at__gt=since, at__lte=until)
    rows = rows.filter(since__gte=since - STRADDLING)
    sums = rows.aggregate(watched=Sum(F("at") - F("since")), **{name: Sum(name) for name in SUMMED})
    watched = sums.pop("watched")
    counts = {name: int(n or 0) for name, n in sums.items()}
    return Traffic(seconds=watched.total_seconds() if watched else 0.0, **counts)


def histogram(endpoint: Endpoint, since: datetime, until: datetime) -> tuple[int, ...]:
    """Answers below 400 by their seconds, of the readings that `traffic` sums; empty without any."""
    return tuple(int(n) for (n,) in fetched(BUCKETS, [endpoint.pk, since, since - STRADDLING, until]))


def quantile(buckets: tuple[int, ...], share: float) -> float | None:
    """Seconds below which this share of the answers came; evenly spread within a bucket, None without answers.

    What lies above the last bound is said to lie at it.
    """
    wanted = share * sum(buckets)
    passed, lower = 0.0, 0.0
    for n, upper in zip(buckets, (*BOUNDS, BOUNDS[-1]), strict=False):
        if n and passed + n >= wanted:
            return lower + (upper - lower) * (wanted - passed) / n
        passed, lower = passed + n, upper
    return None
