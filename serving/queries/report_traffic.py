"""Traffic, latency and errors of an endpoint in a period, from the hourly counts of answers. For reports."""

from collections import defaultdict
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

from serving.hotpath.counters import BOUNDS
from serving.models import AnswerCount, Endpoint
from serving.queries.traffic import quantile
from serving.report_periods import DAY, Period

MOST_DAYS = 401


@dataclass(frozen=True)
class Traffic:
    """Latencies in seconds, of answers below 400; `seconds` is the time that all answers took together."""

    n_requests: int
    n_rows: int
    n_errors: int
    n_mistakes: int
    error_rate: float | None
    p50: float | None
    p95: float | None
    p99: float | None
    seconds: float

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


def of_period(endpoint: Endpoint, of: Period) -> Traffic:
    """Hours that have begun within it."""
    buckets = [0] * (len(BOUNDS) + 1)
    counts: dict[str, float] = defaultdict(float)
    for status, n_requests, n_rows, seconds, histogram in _counts(endpoint, of):
        counts["n_requests"] += n_requests
        counts["n_rows"] += n_rows
        counts["seconds"] += seconds
        counts["n_errors"] += n_requests if status >= 500 else 0
        counts["n_mistakes"] += n_requests if 400 <= status < 500 else 0
        if status < 400:
            buckets = [own + more for own, more in zip(buckets, histogram, strict=False)] or buckets
    judged = counts["n_requests"] - counts["n_mistakes"]
    p50, p95, p99 = (quantile(tuple(buckets), share) for share in (0.5, 0.95, 0.99))
    return Traffic(
        int(counts["n_requests"]), int(counts["n_rows"]), int(counts["n_errors"]), int(counts["n_mistakes"]),
        counts["n_errors"] / judged if judged else None, p50, p95, p99, counts["seconds"],
    )  # fmt: skip


def by_day(endpoint: Endpoint, of: Period) -> list[dict[str, Any]]:
    """Requests and errors of each day, those without any among them."""
    found: dict[datetime, list[int]] = defaultdict(lambda: [0, 0])
    rows = AnswerCount.objects.filter(endpoint=endpoint, hour__gte=of.since, hour__lt=of.until)
    for hour, status, n in rows.values_list("hour", "status", "n_requests"):
        counts = found[hour.astimezone(UTC).replace(hour=0)]
        counts[0] += n
        counts[1] += n if status >= 500 else 0
    first = of.since.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    days = [first + n * DAY for n in range(MOST_DAYS) if first + n * DAY < of.until]
    return [
        {"day": f"{day:%Y-%m-%d}", "n_requests": found[day][0], "n_errors": found[day][1]} for day in days
    ]


def _counts(endpoint: Endpoint, of: Period) -> Any:
    rows = AnswerCount.objects.filter(endpoint=endpoint, hour__gte=of.since, hour__lt=of.until)
    return rows.values_list("status", "n_requests", "n_rows", "seconds", "histogram").iterator(2_000)
