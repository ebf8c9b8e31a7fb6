"""Arranges how an endpoint answered over time for the page “Monitoring”: a line per variant, charts, processes."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from serving.models import Endpoint
from serving.queries import process_loads, traffic_hours
from serving.queries.process_loads import Load
from serving.queries.traffic_hours import Answers, Series

MOST_SERIES = 6
FEW_SERIES = 3  # beyond, a chart with two percentiles of each is more legend than lines
MEGABYTE = 1024 * 1024
MANY = 60  # points without markers
FEW = 2
THROUGHPUT = (("requests_per_second", ""),)
RATES = (("error_rate", "errors"), ("mistake_rate", "refused"), ("null_rate", "nothing"))
LATENCIES = (("p50_seconds", "p50"), ("p95_seconds", "p95"), ("p99_seconds", "p99"))


@dataclass(frozen=True)
class Steps:
    """How a window is cut: for answers in whole hours, for processes from five minutes on."""

    answers: timedelta
    processes: timedelta


def steps_of(hours: int) -> Steps:
    if hours <= 24:
        return Steps(timedelta(hours=1), timedelta(minutes=15))
    if hours <= 7 * 24:
        return Steps(timedelta(hours=3), timedelta(hours=1))
    return Steps(timedelta(days=1), timedelta(hours=6))


def shown(endpoint: Endpoint, since: datetime, until: datetime, now: datetime) -> dict[str, Any]:
    """`lines` of the table and `charts` by name; None of what nothing is known of."""
    steps = steps_of(round((until - since) / timedelta(hours=1)))
    series = traffic_hours.over_time(endpoint, since, until, steps.answers)
    seconds = (min(until, now) - since).total_seconds()
    charts = {
        **_answers(series[:MOST_SERIES], steps.answers, now),
        **_processes(process_loads.over_time(since, now, steps.processes)),
    }
    return {
        "lines": [{"name": one.name, **one.total.figures(seconds)} for one in series],
        "charts": {name: {**chart, **_whole(chart, since, until)} for name, chart in charts.items() if chart},
    }


def _answers(series: Sequence[Series], step: timedelta, now: datetime) -> dict[str, dict[str, Any] | None]:
    latencies = (
        LATENCIES if len(series) == 1 else LATENCIES[1:] if len(series) <= FEW_SERIES else LATENCIES[1:2]
    )
    drawings = (
        ("throughput", "Requests", "a second", THROUGHPUT, 1),
        ("latency", "Latency", "milliseconds", latencies, 1000),
        ("rates", "Errors and predictions of nothing", "per cent", RATES, 100),
    )
    return {
        name: _lines(title, y_title, _series(series, step, now, figures, factor))
        for name, title, y_title, figures, factor in drawings
    }


def _series(
    series: Sequence[Series], step: timedelta, now: datetime, figures: Sequence[tuple[str, str]], factor: int
) -> list[dict[str, Any]]:
    """A line for each variant and figure; one that is nought or unknown throughout says nothing."""
    lines = []
    for one in series:
        steps = [(at, _of_step(answers, at, step, now)) for at, answers in one.steps.items()]
        for figure, words in figures:
            points = [
                (_moment(at), factor * found[figure]) for at, found in steps if found[figure] is not None
            ]
            if any(value for _, value in points):
                name = f"{one.name}, {words}" if words else one.name
                lines.append(
                    {"name": name, "x": [at for at, _ in points], "y": [value for _, value in points]}
                )
    return lines


def _of_step(answers: Answers, at: int, step: timedelta, now: datetime) -> dict[str, Any]:
    """The one under way is as long as it has lasted."""
    return answers.figures(max(60.0, min(step.total_seconds(), now.timestamp() - at)))


def _processes(loads: Sequence[Load]) -> dict[str, dict[str, Any] | None]:
    x = [_moment(one.at) for one in loads]
    if len(x) < 2:
        return {}
    return {
        "processor": _lines(
            "Processor of the serving processes", "cores, all endpoints",
            [{"name": "cores", "x": x, "y": [one.cores for one in loads]}],
        ),
        "memory": _lines(
            "Memory of the serving processes", "MB, all endpoints",
            [{"name": "memory", "x": x, "y": [one.memory_bytes / MEGABYTE for one in loads]}],
        ),
    }  # fmt: skip


def _lines(title: str, y_title: str, series: list[dict[str, Any]]) -> dict[str, Any] | None:
    if not series:
        return None
    longest = max(len(one["x"]) for one in series)
    return {
        "type": "lines", "title": title, "y_title": y_title, "from_zero": True, "markers": longest < MANY,
        "series": series,
    }  # fmt: skip


def _whole(chart: dict[str, Any], since: datetime, until: datetime) -> dict[str, Any]:
    """A lone point is drawn where it stands in the window, not as the whole of it."""
    if any(len(series["x"]) > FEW for series in chart["series"]):
        return {}
    return {"x_range": [since.isoformat(), until.isoformat()]}


def _moment(at: int) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat()
