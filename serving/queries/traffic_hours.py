"""How an endpoint answered over time, by variant and version: sums of hourly counts. For page and API of monitoring.

The log is not read: requests are counted by the web processes, rows and nulls when the log is counted.
"""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db.models import Sum

from models_app.models import ModelVersion
from serving.hotpath.counters import BOUNDS
from serving.hotpath.predict import BY_VERSION
from serving.models import AnswerCount, DriftCount, Endpoint, Span
from serving.queries.traffic import quantile

HOUR = timedelta(hours=1)
N_BUCKETS = len(BOUNDS) + 1
SHARES = {"p50_seconds": 0.5, "p95_seconds": 0.95, "p99_seconds": 0.99}
Key = tuple[str, int]
"""Variant and version's id; of requests that reached no variant, "" and 0."""


@dataclass
class Answers:
    """Of some hours. The histogram is of answers below 400; `n_rows` and `n_nulls` are of logged rows."""

    n_requests: int = 0
    n_errors: int = 0
    n_mistakes: int = 0
    n_rows: int = 0
    n_nulls: int = 0
    histogram: list[int] = field(default_factory=lambda: [0] * N_BUCKETS)

    def add(self, status: int, n_requests: int, histogram: list[int]) -> None:
        self.n_requests += n_requests
        if status >= 500:
            self.n_errors += n_requests
        elif status >= 400:
            self.n_mistakes += n_requests
        else:
            self.histogram = [own + more for own, more in zip(self.histogram, histogram, strict=True)]

    def __iadd__(self, other: "Answers") -> "Answers":
        for name in ("n_requests", "n_errors", "n_mistakes", "n_rows", "n_nulls"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.histogram = [own + more for own, more in zip(self.histogram, other.histogram, strict=True)]
        return self

    def figures(self, seconds: float) -> dict[str, Any]:
        """Rates and latencies; None where there is nothing to tell of."""
        judged = self.n_requests - self.n_mistakes
        buckets = tuple(self.histogram)
        return {
            "n_requests": self.n_requests,
            "requests_per_second": self.n_requests / seconds,
            **{name: quantile(buckets, share) for name, share in SHARES.items()},
            "error_rate": self.n_errors / judged if judged else None,
            "mistake_rate": self.n_mistakes / self.n_requests if self.n_requests else None,
            "n_rows": self.n_rows,
            "null_rate": self.n_nulls / self.n_rows if self.n_rows else None,
        }


@dataclass(frozen=True)
class Series:
    """One variant and version: `steps` by the seconds since 1970 in which they begin, and all of them together."""

    variant: str
    version: ModelVersion | None
    steps: Mapping[int, Answers]
    total: Answers

    @property
    def name(self) -> str:
        if not self.variant:
            return "no variant"
        variant = "asked by version" if self.variant == BY_VERSION else self.variant
        return f"{variant}, {self.version or 'deleted version'}"


def over_time(endpoint: Endpoint, since: datetime, until: datetime, step: timedelta) -> list[Series]:
    """Steps of whole hours; those with most requests first."""
    seconds = int(step.total_seconds())
    steps: dict[Key, dict[int, Answers]] = defaultdict(lambda: defaultdict(Answers))
    rows = AnswerCount.objects.filter(endpoint=endpoint, hour__gte=since, hour__lt=until)
    wanted = ("variant", "version_id", "hour", "status", "n_requests", "histogram")
    for variant, version_id, hour, status, n, histogram in rows.values_list(*wanted):
        steps[variant, version_id][_begin(hour, seconds)].add(status, n, histogram)
    for (variant, version_id, hour), (n, n_nulls) in _logged(endpoint, since, until, seconds).items():
        one = steps[variant, version_id][hour]
        one.n_rows, one.n_nulls = one.n_rows + n, one.n_nulls + n_nulls
    versions = ModelVersion.objects.select_related("model").in_bulk([version_id for _, version_id in steps])
    found = [
        Series(variant, versions.get(version_id), dict(sorted(one.items())), _total(one))
        for (variant, version_id), one in steps.items()
    ]
    return sorted(found, key=lambda series: (-series.total.n_requests, series.name))


def _logged(
    endpoint: Endpoint, since: datetime, until: datetime, seconds: int
) -> dict[tuple[str, int, int], tuple[int, int]]:
    """Counted rows and nulls, by days where steps are days."""
    span = Span.DAY if seconds % 86_400 == 0 else Span.HOUR
    rows = DriftCount.objects.filter(endpoint=endpoint, span=span, at__gte=since, at__lt=until)
    grouped = rows.order_by().values_list("variant", "version_id", "at")
    found: dict[tuple[str, int, int], tuple[int, int]] = {}
    for variant, version_id, at, n, n_nulls in grouped.annotate(n=Sum("n_rows"), nulls=Sum("n_nulls")):
        key = (variant, version_id, _begin(at, seconds))
        former = found.get(key, (0, 0))
        found[key] = (former[0] + n, former[1] + n_nulls)
    return found


def _begin(at: datetime, seconds: int) -> int:
    moment = int(at.astimezone(UTC).timestamp())
    return moment - moment % seconds


def _total(steps: Mapping[int, Answers]) -> Answers:
    total = Answers()
    for one in steps.values():
        total += one
    return total
