"""What an alert rule can watch: a table of figures, each a function of an endpoint and a window.

`settings.ALERT_FIGURES` adds more by dotted path, so that what knows of drift need not be known here.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache

from django.conf import settings
from django.utils.module_loading import import_string

from serving.models import Endpoint
from serving.queries import live_figures
from serving.queries.traffic import Traffic, histogram, quantile, traffic

LONGEST_OF_READINGS = timedelta(days=7)
LONGEST = timedelta(days=90)


@dataclass(frozen=True)
class Window:
    """The time from `since` to `until`; `column` is set for figures that have one."""

    endpoint: Endpoint
    since: datetime
    until: datetime
    column: str = ""


@dataclass(frozen=True)
class Measured:
    """`value` is None when there is nothing to say; `n` is how many observations it stands on."""

    value: float | None
    n: int


@dataclass(frozen=True)
class Figure:
    """`unit` is how a value is shown: share, seconds, count or empty."""

    name: str
    title: str
    counts: str  # what its observations are
    measure: Callable[[Window], Measured]
    unit: str = ""
    has_column: bool = False
    longest: timedelta = LONGEST


def figures() -> Mapping[str, Figure]:
    """All of them by name, in the order in which they are offered."""
    return _table(tuple(settings.ALERT_FIGURES))


@cache
def _table(paths: tuple[str, ...]) -> Mapping[str, Figure]:
    added: list[Figure] = [import_string(path) for path in paths]
    return {figure.name: figure for figure in (*BUILT_IN, *added)}


def _of_traffic(measure: Callable[[Traffic], tuple[float | None, int]]) -> Callable[[Window], Measured]:
    """No reading at all is no data, whatever the figure."""

    def measured(window: Window) -> Measured:
        found = traffic(window.endpoint, window.since, window.until)
        return Measured(*measure(found)) if found.seconds else Measured(None, 0)

    return measured


def _share(part: int, whole: int) -> tuple[float | None, int]:
    return (part / whole if whole else None), whole


def _latency(share: float) -> Callable[[Window], Measured]:
    def measured(window: Window) -> Measured:
        buckets = histogram(window.endpoint, window.since, window.until)
        return Measured(quantile(buckets, share), sum(buckets))

    return measured


def _null_rate(window: Window) -> Measured:
    return Measured(*live_figures.null_rate(window.endpoint, window.since, window.until))


def _live_metric(window: Window) -> Measured:
    return Measured(*live_figures.live_metric(window.endpoint, window.since, window.until))


def _feedback_rows(window: Window) -> Measured:
    n = live_figures.n_feedback(window.endpoint, window.since, window.until)
    return Measured(float(n), n)


REQUESTS, READINGS = "requests", LONGEST_OF_READINGS
BUILT_IN = (
    Figure(
        "requests_per_second", "Requests a second", REQUESTS,
        _of_traffic(lambda t: (t.n_requests / t.seconds, t.n_requests)), longest=READINGS,
    ),
    Figure(
        "error_rate", "Error rate (5xx)", REQUESTS,
        _of_traffic(lambda t: _share(t.n_errors, t.n_judged)), "share", longest=READINGS,
    ),
    Figure(
        "mistake_rate", "Refused requests (4xx)", REQUESTS,
        _of_traffic(lambda t: _share(t.n_mistakes, t.n_requests)), "share", longest=READINGS,
    ),
    Figure("latency_p50", "Latency p50", "answers", _latency(0.5), "seconds", longest=READINGS),
    Figure("latency_p95", "Latency p95", "answers", _latency(0.95), "seconds", longest=READINGS),
    Figure("latency_p99", "Latency p99", "answers", _latency(0.99), "seconds", longest=READINGS),
    Figure(
        "log_drops", "Rows lost before the log", "rows",
        _of_traffic(lambda t: (float(t.n_dropped), t.n_enqueued)), "count", longest=READINGS,
    ),
    Figure(
        "overload", "Requests that found the queue full", REQUESTS,
        _of_traffic(lambda t: (float(t.n_refused), t.n_requests)), "count", longest=READINGS,
    ),
    Figure("null_rate", "Predictions of nothing", "logged rows", _null_rate, "share"),
    Figure("live_metric", "The problem's metric, live", "rows with feedback", _live_metric),
    Figure("feedback_rows", "Rows with feedback", "rows with feedback", _feedback_rows, "count"),
)  # fmt: skip
