"""What is new of a run that trains: its state, its job's progress and log, metrics, points. Called by the API."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from experiments.models import LIVE, LatestMetric, Run
from experiments.queries import metric_curves
from experiments.queries.metric_curves import Series, Wanted
from mlregistry.jobs.models import Job
from mlregistry.jobs.queries import jobs
from mlregistry.lib.floats import shown

MOST_METRICS = 1_000
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


def news(run: Run, *, since: int, keys: Sequence[str], log_after: int) -> News:
    """The run as it was read, then what it logged up to that; what comes in between comes with the next."""
    changed = run.changes > since
    curves = metric_curves.curves([run.pk], keys, Wanted(since={run.pk: since})) if keys and changed else None
    return News(
        status=run.status,
        is_live=run.status in LIVE,
        changes=curves.runs[run.pk.hex].changes if curves else run.changes,
        job=_progress(run.job),
        metrics=_metrics(run) if changed else {},
        lines=_lines(run.job, log_after),
        series=curves.series if curves else [],
    )


def _progress(job: Job | None) -> Progress | None:
    return Progress(job.state, job.progress, job.message, job.eta_seconds) if job else None


def _metrics(run: Run) -> dict[str, LiveMetric]:
    rows = LatestMetric.objects.filter(run=run).order_by("key")[:MOST_METRICS]
    return {
        row.key: LiveMetric(shown(row.value, row.is_nan), row.step, row.minimum, row.maximum) for row in rows
    }


def _lines(job: Job | None, after: int) -> list[Line]:
    if job is None or after == NO_LOG:
        return []
    return [Line(line.sequence, line.text) for line in jobs.log_after(job, after, limit=MOST_LINES)]
