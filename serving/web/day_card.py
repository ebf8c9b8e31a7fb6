"""The last day of an endpoint in three lines: requests and latency by the hour, the newest look at its drift."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from serving.models import Endpoint
from serving.queries import drift, traffic_hours
from serving.queries.traffic_hours import Answers, Series
from serving.web.home_cards import HEIGHT, WIDTH, spark

DAY, HOUR = timedelta(days=1), timedelta(hours=1)
N_HOURS = 24
MICROSECONDS = 1_000_000


def context(endpoint: Endpoint, now: datetime) -> dict[str, Any]:
    """Two statements, whatever was answered; the log is not read."""
    until = now.replace(minute=0, second=0, microsecond=0) + HOUR
    hours = _hours(traffic_hours.over_time(endpoint, until - DAY, until, HOUR), until)
    total = Answers()
    for hour in hours:
        total += hour
    figures = total.figures(DAY.total_seconds())
    latencies = [hour.figures(HOUR.total_seconds())["p95_seconds"] or 0 for hour in hours]
    return {
        "width": WIDTH, "height": HEIGHT, "figures": figures, "check": drift.newest_check(endpoint),
        "requests": spark([hour.n_requests for hour in hours]),
        "latency": spark([round(seconds * MICROSECONDS) for seconds in latencies]),
    }  # fmt: skip


def _hours(series: Sequence[Series], until: datetime) -> list[Answers]:
    """Of all variants together, the oldest first."""
    first = int((until - DAY).timestamp())
    found = [Answers() for _ in range(N_HOURS)]
    for one in series:
        for begin, answers in one.steps.items():
            found[(begin - first) // int(HOUR.total_seconds())] += answers
    return found
