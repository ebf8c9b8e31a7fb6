"""What is new of runs that train: states, metrics, points; of one its job's progress and log. Called by the API."""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Mapping, Sequence

import msgspec

from experiments.models import LIVE, LatestMetric, Run
from experiments.queries import metric_curves
from experiments.queries.metric_curves import Series, Wanted
from mlregistry.jobs.models import Job
from mlregistry.jobs.queries import jobs
from mlregistry.lib.floats import shown

MOST_METRICS = 1_000
MOST_TOGETHER = 20_000  # metrics of several runs
MOST_LINES = 500
NO_LOG = 2**31 - 1


class Progress(msgspec.Struct):
    state: str
    progress: float
    message: str
    eta_seconds: float | None


class LiveMetric(msgspec.Struct):
    value: float | None
    step: int
    minimum: float | None
    maximum: float | None


class Line(msgspec.Struct):
    sequence: int
    text: str


class News(msgspec.Struct):
    status: str
    is_live: bool
    changes: int
    job: Progress | None
    metrics: dict[str, LiveMetric]
    lines: list[Line]
    series: list[Series]


class RunNews(msgspec.Struct):
    """`metrics` is empty if nothing was logged since."""

    status: str
    is_live: bool
    changes: int
    metrics: dict[str, LiveMetric]


class NewsOfMany(msgspec.Struct):
    runs: dict[str, RunNews]
    series: list[Series]


def news_of_many(runs: Sequence[Run], *, since: Mapping[uuid.UUID, int], keys: Sequence[str]) -> NewsOfMany:
    """As `news`, of runs that are compared: a fixed number of queries for any number of them."""
    late = [run.pk for run in runs if run.changes > since[run.pk]]
    marks = {run.pk: run.changes for run in runs}
    series: list[Series] = []
    if keys and late:
        curves = metric_curves.curves(late, keys, Wanted(since={pk: since[pk] for pk in late}))
        marks |= {uuid.UUID(run): mark.changes for run, mark in curves.runs.items()}
        series = curves.series
    metrics = _metrics(late, MOST_TOGETHER) if late else {}
    return NewsOfMany(
        {
            run.pk.hex: RunNews(run.status, run.status in LIVE, marks[run.pk], metrics.get(run.pk, {}))
            for run in runs
        },
        series,
    )


def news(run: Run, *, since: int, keys: Sequence[str], log_after: int) -> News:
    """The run as it was read, then what it logged up to that; what comes in between comes with the next."""
    changed = run.changes > since
    curves = metric_curves.curves([run.pk], keys, Wanted(since={run.pk: since})) if keys and changed else None
    return News(
        status=run.status,
        is_live=run.status in LIVE,
        changes=curves.runs[run.pk.hex].changes if curves else run.changes,
        job=_progress(run.job),
        metrics=_metrics([run.pk], MOST_METRICS).get(run.pk, {}) if changed else {},
        lines=_lines(run.job, log_after),
        series=curves.series if curves else [],
    )


def _progress(job: Job | None) -> Progress | None:
    return Progress(job.state, job.progress, job.message, job.eta_seconds) if job else None


def _metrics(run_ids: Sequence[uuid.UUID], most: int) -> dict[uuid.UUID, dict[str, LiveMetric]]:
    found: dict[uuid.UUID, dict[str, LiveMetric]] = defaultdict(dict)
    for row in LatestMetric.objects.filter(run__in=run_ids).order_by("run", "key")[:most]:
        value = shown(row.value, row.is_nan)
        found[row.run_id][row.key] = LiveMetric(value, row.step, row.minimum, row.maximum)
    return found


def _lines(job: Job | None, after: int) -> list[Line]:
    if job is None or after == NO_LOG:
        return []
    return [Line(line.sequence, line.text) for line in jobs.log_after(job, after, limit=MOST_LINES)]
