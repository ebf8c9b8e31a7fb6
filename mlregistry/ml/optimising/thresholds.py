"""The threshold of a classifier of two classes at which its decisions cost least (Elkan 2001, but measured).

Chosen on predictions for rows that the model was not fitted on: its validation part, or out of fold.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.base import clone
from sklearn.pipeline import Pipeline

from mlregistry.errors import Invalid
from mlregistry.ml import adjusting, pipelines, resampling
from mlregistry.ml.adjusting import Adjusted
from mlregistry.ml.metrics import Outcome
from mlregistry.ml.optimising.inner import with_last
from mlregistry.ml.optimising.subject import Made, Subject
from mlregistry.ml.resampling import Plan
from mlregistry.ml.supervised.adjusting import out_of_fold

Array = npt.NDArray[Any]
MOST_THRESHOLDS = 200
N_RESAMPLES = 400
PER = 1_000


def tune(subject: Subject) -> Iterator[Made]:
    """One candidate: the same probabilities, decided from another one on."""
    truth, probability, source = _unseen(subject)
    last = subject.pipeline.steps[-1][1]
    known = adjusting.threshold_of(last)
    tried = thresholds(probability)
    by_row = costs_by_row(truth, probability, tried, subject.wish.costs)
    means = PER * by_row.mean(axis=0)
    best = int(np.argmin(means))
    threshold = float(tried[best])
    now = 0.5 if known is None else known
    before = PER * float(costs_by_row(truth, probability, np.array([now]), subject.wish.costs).mean())
    if means[best] >= before:
        raise Invalid(f"Deciding from {now:.3g} on, as it does, costs least already.", field="costs")
    low, high = _band(truth, by_row, subject.recipe.seed)
    yield Made(
        "threshold",
        f"Decides from {threshold:.3g} on",
        with_threshold(subject.pipeline, threshold),
        f"Decides for {subject.work.classes[1]!r} from a probability of {threshold:.4g} on instead of {now:.3g}: on"
        f" {source} {means[best]:,.4g} per 1,000 decisions (95 %: {low[best]:,.4g} to {high[best]:,.4g}) instead of"
        f" {before:,.4g}.",
        chart={
            "type": "sequence", "title": "Expected cost by threshold", "x_title": "Threshold",
            "y_title": "Cost per 1,000 decisions", "level": {"y": before, "name": f"from {now:.3g} on, as now"},
            "series": [{
                "name": "expected cost", "x": tried.tolist(), "y": means.tolist(), "low": low.tolist(),
                "high": high.tolist(),
            }],
        },
        facts={"threshold": threshold, "threshold_before": now, "cost": float(means[best]), "cost_before": before,
               "low": float(low[best]), "high": float(high[best])},
    )  # fmt: skip


def with_threshold(pipeline: Pipeline, threshold: float) -> Pipeline:
    """The fitted pipeline with a threshold of its own."""
    name, last = pipeline.steps[-1]
    if isinstance(last, Adjusted):
        found = copy.copy(last)
    else:
        found = Adjusted(clone(last))
        found.classifier_, found.classes_, found.calibrators_ = last, last.classes_, None
    found.threshold_ = threshold
    return with_last(pipeline, name, found)


def thresholds(probability: Array) -> Array:
    """Between the values that occur, at most two hundred, by their quantiles."""
    values = np.unique(probability)
    middles = (values[:-1] + values[1:]) / 2 if len(values) > 1 else np.array([0.5])
    if len(middles) > MOST_THRESHOLDS:
        middles = np.unique(np.quantile(middles, np.linspace(0, 1, MOST_THRESHOLDS)))
    found: Array = middles
    return found


def costs_by_row(truth: Array, probability: Array, tried: Array, costs: Any) -> Array:
    """Rows × thresholds: what the decision on the row costs."""
    table = np.asarray(costs, dtype=np.float64)
    decided = (probability[:, None] >= tried[None, :]).astype(np.int64)
    found: Array = table[truth[:, None], decided]
    return found


def cost_of(outcome: Outcome, costs: Any) -> Array:
    """What each decision of an outcome costs."""
    found: Array = np.asarray(costs, dtype=np.float64)[outcome.truth, outcome.predicted]
    return found


def _unseen(subject: Subject) -> tuple[Array, Array, str]:
    """Class numbers, probabilities of the second class as the model would tell them, and which rows these are."""
    rows = subject.parts.validation
    if len(rows):
        found = subject.outcome(subject.pipeline, rows, subject.parts.train)
        assert found.probabilities is not None  # noqa: S101  # of a classifier
        return found.truth, found.probabilities[:, 1], f"{len(rows):,} validation rows"
    plain = replace(subject.recipe, calibration="none", threshold="half")
    work = replace(subject.work, recipe=plain, warnings=[], seconds={})
    truth, raw = out_of_fold(work, pipelines.build(subject.kind, plain), subject.parts.train)
    calibrators = getattr(subject.pipeline.steps[-1][1], "calibrators_", None)
    return truth, adjusting.calibrated(raw, calibrators)[:, 1], f"{len(truth):,} out-of-fold predictions"


def _band(truth: Array, by_row: Array, seed: int) -> tuple[Array, Array]:
    """The 95 % bootstrap interval at each threshold."""
    if len(truth) > resampling.MOST_ROWS:
        kept = np.random.default_rng(seed).choice(len(truth), resampling.MOST_ROWS, replace=False)
        truth, by_row = truth[kept], by_row[kept]
    plan = Plan(len(truth), seed, strata=truth, n_resamples=N_RESAMPLES)
    found = np.concatenate([block @ by_row for block in resampling.counts(plan)]) * PER / len(truth)
    low, high = np.quantile(found, [0.025, 0.975], axis=0)
    return low, high
