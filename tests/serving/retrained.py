"""What tests of retraining stand on: labelled predictions in the log, and time that goes on with its jobs."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from mlregistry.jobs.inline import run_here
from mlregistry.jobs.models import Job, State
from serving.actions.retraining_declarations import Declaration
from serving.actions.retraining_looks import tend
from serving.models import Endpoint, Feedback, Prediction, Retraining
from tests.models_app.trained import FEATURES, cancer_frame
from tests.serving.drifting import log_rows

BEGAN = datetime(2026, 3, 1, 8, 0, tzinfo=UTC)
LATER = BEGAN + timedelta(days=10)
KINDS = (
    "serving.assemble_retraining", "experiments.train", "serving.compare_retraining", "experiments.search",
    "serving.score_shadow",
)  # fmt: skip
QUICK: dict[str, Any] = {
    "least_labels": 50, "cooldown_hours": 24, "on_drift": "", "fewest_requests": 20, "dwell_seconds": 0,
    "guardrails": {"error_rate": 0.2}, "window_days": 30,
}  # fmt: skip


def declared(**changes: Any) -> Declaration:
    return Declaration(**{"new_labels": 100, **QUICK, **changes})


def turned(n: int, *, seed: int = 1) -> pd.DataFrame:
    """Patients whose radius says the opposite of what it said: what the champion learned is wrong on them."""
    frame = cancer_frame().sample(n, replace=True, random_state=seed).reset_index(drop=True)
    rng = np.random.default_rng(seed)
    for name in FEATURES:
        column = frame[name]
        frame[name] = 2 * column.mean() - column + rng.normal(0, 1e-6, n)
    return frame


def labelled(
    endpoint: Endpoint,
    frame: pd.DataFrame,
    folder: Path,
    *,
    at: datetime,
    truth_at: datetime | None = None,
    each: int = 50,
) -> None:
    """Logged at that time, their truths known from `truth_at` on."""
    before = set(Prediction.objects.values_list("pk", flat=True))
    log_rows(endpoint, frame.drop(columns="target"), folder, at=at, each=each)
    rows = Prediction.objects.exclude(pk__in=before).order_by("pk")
    Feedback.objects.bulk_create(
        Feedback(endpoint=endpoint, request_id=row.request_id, row=row.row, truth=int(truth))
        for row, truth in zip(rows, frame["target"], strict=True)
    )
    keys = [row.request_id for row in rows]
    Feedback.objects.filter(endpoint=endpoint, request_id__in=keys).update(at=truth_at or at)


def run_jobs(*kinds: str) -> int:
    """All that wait, of the kinds that a retraining stands on."""
    n = 0
    while waiting := list(
        Job.objects.filter(kind__in=kinds or KINDS, state=State.QUEUED).order_by("created_at")
    ):
        for job in waiting:
            run_here(job)
            n += 1
    return n


def lead_on(now: datetime, *kinds: str) -> None:
    """The scheduler and its workers, until nothing more happens at that time."""
    for _ in range(12):
        tend(now)
        if not run_jobs(*kinds):
            break


def only(endpoint: Endpoint) -> Retraining:
    return Retraining.objects.select_related("challenger__model", "champion__model", "test").get(
        endpoint=endpoint
    )


def texts(row: Retraining) -> dict[str, str]:
    return {step.name: step.text for step in row.steps.all()}
