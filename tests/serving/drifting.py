"""Traffic for tests of drift: rows of the training data, as they are or moved, straight into the prediction log."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pandas as pd

from mlregistry.jobs.inline import run_here
from mlregistry.jobs.models import Job, State
from models_app.models import ModelVersion
from serving.actions import drift_checks, drift_counts
from serving.hotpath.log import PredictionLog
from serving.hotpath.records import Record, new_id
from serving.models import DriftCount, Endpoint, Span
from serving.queries import drift
from serving.shipping import ship_folder
from tests.models_app.trained import FEATURES, cancer_frame

NOON = datetime(2026, 3, 2, 12, 10, tzinfo=UTC)


def some_rows(n: int, *, seed: int = 1, shift: float = 0.0) -> pd.DataFrame:
    """Patients of the training data, drawn with replacement; their radius may be moved by so many deviations."""
    frame = cancer_frame().drop(columns="target").sample(n, replace=True, random_state=seed)
    frame[FEATURES[0]] += shift * cancer_frame()[FEATURES[0]].std()
    return frame.reset_index(drop=True)


def log_rows(
    endpoint: Endpoint, frame: pd.DataFrame, folder: Path, *, at: datetime = NOON, each: int = 50
) -> int:
    """Into the prediction log, `each` rows to a request; how many were stored."""
    variant = endpoint.variants.select_related("version__model").get()
    log = PredictionLog(folder)
    rows = frame.to_dict("records")
    for start in range(0, len(rows), each):
        part: list[Mapping[str, Any]] = [
            {str(k): v for k, v in row.items()} for row in rows[start : start + each]
        ]
        sure = [0.2 + 0.6 * (place % 2) for place in range(len(part))]
        log.append(record_of(endpoint, variant.version, part, sure, at), durable=False)
    log.close()
    return ship_folder(folder)


def record_of(
    endpoint: Endpoint, version: ModelVersion, rows: list[Any], sure: list[float], at: datetime
) -> Record:
    id = new_id()
    return Record(
        id=id, at=at.timestamp(), team_id=endpoint.team_id, endpoint_id=endpoint.pk, variant="champion",
        version_id=version.pk, request_id=id, unit_id=None, n_rows=len(rows), seconds=0.001, inputs=rows,
        predictions=[int(share > 0.5) for share in sure], probabilities=[[1 - share, share] for share in sure],
    )  # fmt: skip


def count_all(endpoint: Endpoint) -> int:
    n_rows = 0
    while n_counted := drift_counts.count_some(endpoint):
        n_rows += n_counted
    return n_rows


def hours(endpoint: Endpoint) -> dict[datetime, int]:
    rows = DriftCount.objects.filter(endpoint=endpoint, span=Span.HOUR).order_by("at")
    return dict(rows.values_list("at", "n_rows"))


def day_of(at: datetime) -> drift.Window:
    return drift.window(at.replace(hour=0), at.replace(hour=23, minute=59), now=at + timedelta(days=2))


def check_due(now: datetime) -> int:
    """What the scheduler and its jobs do at that time; how many endpoints were due."""
    n_due = drift_checks.tend(now)
    for job in Job.objects.filter(kind=drift_checks.WATCH_KIND, state=State.QUEUED):
        assert run_here(job).state == State.SUCCEEDED, job.error
    return n_due
