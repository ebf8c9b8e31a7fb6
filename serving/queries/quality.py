"""How good a version is on a window: by the truths that came, and estimated for those that did not yet.

For checks, API and pages. Live figures over all time are in `queries.live`.
"""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from mlregistry.lib.lazily import lazily
from mlregistry.ml.metrics import Outcome, class_numbers, measure
from mlregistry.ml.signature import kind_of
from mlregistry.sql_rows import fetched
from models_app.models import ModelVersion
from serving.models import Endpoint
from serving.queries import quality_estimates as estimates
from serving.queries.drift import Window
from serving.queries.quality_estimates import MOST, is_number, is_one, which

if TYPE_CHECKING:
    import numpy as np

    from mlregistry.ml import resampling
else:
    np, resampling = lazily("numpy"), lazily("mlregistry.ml.resampling")

MOST_RESAMPLED = 4_000
N_RESAMPLES, SEED = 300, 7
N_BINS = 10
DELAYS = (60, 600, 3600, 6 * 3600, 86_400, 7 * 86_400, 30 * 86_400)
ANSWERS = """
    WITH p AS MATERIALIZED (
        SELECT request_id, client_request_id, "row", at, output FROM serving_prediction
        WHERE endpoint_id = %(endpoint)s AND version_id = %(version)s AND at >= %(since)s AND at < %(until)s
        ORDER BY at DESC LIMIT %(most)s
    )
    SELECT p.output::text, coalesce(own.truth, theirs.truth)::text,
           extract(epoch FROM coalesce(own.at, theirs.at) - p.at)::float8
    FROM p
    LEFT JOIN serving_feedback own
      ON own.endpoint_id = %(endpoint)s AND own.request_id = p.request_id AND own."row" = p."row"
    LEFT JOIN serving_feedback theirs
      ON theirs.endpoint_id = %(endpoint)s AND theirs.request_id = p.client_request_id AND theirs."row" = p."row"
"""


@dataclass(frozen=True)
class Quality:
    """`metrics` are of the rows whose truth is known, `intervals` are their 95 % bootstrap intervals; `expected` are
    estimates over all rows, which hold while what the inputs mean stays the same. `delays` counts truths by the
    seconds after which they came, up to each bound of DELAYS and beyond. `reliability` has for each tenth of the
    probabilities that answers gave (of the second of two classes, else of the class that was answered) their mean, the
    share of truths that were of it, and how many rows that is."""

    n: int
    n_truths: int
    metric: str | None
    metrics: dict[str, float] = field(default_factory=dict)
    intervals: dict[str, tuple[float, float]] = field(default_factory=dict)
    expected: dict[str, float] = field(default_factory=dict)
    why_not: str = ""
    delays: tuple[int, ...] = ()
    median_delay_seconds: float | None = None
    reliability: tuple[tuple[float, float, int], ...] = ()

    def to_json(self) -> dict[str, Any]:
        return asdict(self) | {"delay_bounds_seconds": DELAYS}


def of_window(endpoint: Endpoint, version: ModelVersion, window: Window) -> Quality:
    """Over the newest 20,000 predictions of the window."""
    values = which(endpoint, version, window, MOST)
    rows = [
        (json.loads(output), None if truth is None else json.loads(truth), delay)
        for output, truth, delay in fetched(ANSWERS, values)
    ]
    known = [(output, truth) for output, truth, delay in rows if delay is not None]
    delays = [delay for _, _, delay in rows if delay is not None]
    kind = kind_of(version.served_signature)
    outcome = _outcome(version, kind, known)
    metrics, intervals = _measured(kind, outcome) if outcome is not None else ({}, {})
    expected, why_not = estimates.expected(endpoint, version, window, [output for output, _, _ in rows])
    return Quality(
        n=len(rows), n_truths=len(known), metric=endpoint.problem.primary_metric if endpoint.problem else None,
        metrics=metrics, intervals=intervals, expected=expected, why_not=why_not, delays=_histogram(delays),
        median_delay_seconds=float(np.median(delays)) if delays else None, reliability=_reliability(outcome),
    )  # fmt: skip


def _histogram(delays: Sequence[float]) -> tuple[int, ...]:
    if not delays:
        return ()
    places = np.searchsorted(np.array(DELAYS), np.array(delays))
    return tuple(int(n) for n in np.bincount(places, minlength=len(DELAYS) + 1))


def _measured(kind: str, outcome: Outcome) -> tuple[dict[str, float], dict[str, tuple[float, float]]]:
    metrics = measure(kind, outcome)
    few = _newest(outcome)
    plan = resampling.Plan(len(few.truth), SEED, n_resamples=N_RESAMPLES)
    drawn = resampling.replicates(kind, few, plan, list(metrics))
    intervals = {name: resampling.interval(values) for name, values in drawn.items()}
    return metrics, {name: found for name, found in intervals.items() if found is not None}


def _reliability(outcome: Outcome | None) -> tuple[tuple[float, float, int], ...]:
    if outcome is None or outcome.probabilities is None:
        return ()
    answered = np.ones_like(outcome.truth) if outcome.binary else outcome.predicted
    sure = outcome.probabilities[np.arange(len(answered)), answered]
    right = outcome.truth == answered
    places = np.minimum((sure * N_BINS).astype(np.int64), N_BINS - 1)
    inside = [places == place for place in range(N_BINS)]
    return tuple(
        (float(sure[rows].mean()), float(right[rows].mean()), int(rows.sum()))
        for rows in inside
        if rows.any()
    )


def _newest(outcome: Outcome) -> Outcome:
    few = slice(0, MOST_RESAMPLED)
    sure = outcome.probabilities
    return Outcome(
        outcome.truth[few], outcome.predicted[few], None if sure is None else sure[few], outcome.n_classes
    )


def _outcome(version: ModelVersion, kind: str, pairs: Sequence[tuple[Any, Any]]) -> Outcome | None:
    """A truth that is no class of the version, or no number, is left out."""
    if kind == "classification":
        classes = list(version.served_signature["classes"])
        good = [(o, t) for o, t in pairs if is_one(t, classes) and is_one(o.get("prediction"), classes)]
        if not good:
            return None
        sure = all(output.get("probabilities") is not None for output, _ in good)
        return Outcome(
            class_numbers(np.array([truth for _, truth in good]), classes),
            class_numbers(np.array([output["prediction"] for output, _ in good]), classes),
            np.array([output["probabilities"] for output, _ in good], dtype=float) if sure else None,
            len(classes),
        )
    good = [(o, t) for o, t in pairs if is_number(t) and is_number(o.get("prediction"))]
    if kind != "regression" or not good:
        return None
    return Outcome(
        np.array([truth for _, truth in good], dtype=float),
        np.array([output["prediction"] for output, _ in good], dtype=float),
    )
