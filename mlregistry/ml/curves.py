"""Curves and matrices of a trained model as JSON-able data of at most 200 points, for pages to draw.

Called by training. Every curve has a type (lines, matrix, points, bars), a title, axis titles and its data.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn import metrics as sk

from mlregistry.ml.metrics import Outcome

Array = npt.NDArray[Any]
Curve = dict[str, Any]
MAX_POINTS = 200
MAX_CURVES = 10
MAX_IMPORTANCE_ROWS = 500
MAX_IMPORTANCE_COLUMNS = 200
MOST_IMPORTANCE_SECONDS = 20.0
LEAST_IMPORTANCE_ROWS = 50
IMPORTANCE_BATCH = 20
REPEATS = 3
CALIBRATION_BINS = 10
RESIDUAL_BINS = 40


def classification(outcome: Outcome, classes: Sequence[Any]) -> dict[str, Curve]:
    """Confusion matrix, and with probabilities ROC, precision–recall and calibration."""
    curves = {"confusion_matrix": confusion_matrix(outcome, classes)}
    if outcome.probabilities is None:
        return curves
    found: dict[str, list[Curve]] = {"roc": [], "pr": [], "calibration": []}
    for number in [1] if outcome.binary else range(min(len(classes), MAX_CURVES)):
        truth, scores = outcome.truth == number, outcome.probabilities[:, number]
        if not truth.any() or truth.all():
            continue
        name = str(classes[number])
        found["roc"].append(_roc(name, truth, scores))
        found["pr"].append(_pr(name, truth, scores))
        found["calibration"].append(_calibration(name, truth, scores))
    if found["roc"]:
        curves["roc"] = _lines("ROC", "False positive rate", "True positive rate", found["roc"])
        curves["pr"] = _lines("Precision and recall", "Recall", "Precision", found["pr"])
        curves["calibration"] = _lines(
            "Calibration", "Mean probability", "Observed share", found["calibration"]
        )
    return curves


def regression(outcome: Outcome) -> dict[str, Curve]:
    """Predicted against actual, residuals against predicted, and how the residuals are spread."""
    places = _thinned(len(outcome.truth))
    truth, predicted = outcome.truth[places], outcome.predicted[places]
    counts, edges = np.histogram(outcome.truth - outcome.predicted, bins=RESIDUAL_BINS)
    middles = (edges[:-1] + edges[1:]) / 2
    covered = {} if outcome.quantiles is None else {"coverage": coverage(outcome)}
    return covered | {
        "predicted_vs_actual": _points("Predicted against actual", "Actual", "Predicted", truth, predicted),
        "residuals": _points(
            "Residuals", "Predicted", "Actual minus predicted", predicted, truth - predicted
        ),
        "residual_distribution": {
            "type": "bars", "title": "Spread of the residuals", "x_title": "Actual minus predicted",
            "y_title": "Rows", "x": _numbers(middles), "y": counts.tolist(),
        },
    }  # fmt: skip


def coverage(outcome: Outcome) -> Curve:
    """The share of rows at or below each predicted quantile, which should be its level."""
    assert outcome.quantiles is not None  # noqa: S101  # asked of outcomes that have them
    levels = np.asarray(outcome.levels)
    shares = (outcome.truth[:, None] <= outcome.quantiles).mean(axis=0)
    drawn = _lines(
        "Coverage of the quantiles",
        "Predicted quantile",
        "Share of rows at or below it",
        [_series("Test rows", levels, shares), _series("As promised", levels, levels)],
    )
    return {**drawn, "markers": True}


def confusion_matrix(outcome: Outcome, classes: Sequence[Any]) -> Curve:
    """Counts: one row per true class, one column per predicted class."""
    matrix = sk.confusion_matrix(outcome.truth, outcome.predicted, labels=list(range(len(classes))))
    return {
        "type": "matrix", "title": "Confusion matrix", "x_title": "Predicted", "y_title": "Actual",
        "labels": [str(label) for label in classes], "values": matrix.tolist(),
    }  # fmt: skip


def importance(
    scores: Callable[[list[pd.DataFrame]], list[float]],
    frame: pd.DataFrame,
    *,
    gain: float,
    metric: str,
    seed: int,
    clock: Callable[[], float] = time.perf_counter,
) -> Curve:
    """Permutation importance (Breiman 2001): how much the score worsens when one column is shuffled.

    `scores` rates several copies of the rows at once (a call of a model costs more than its rows); `gain`
    is +1 for a score to maximise and −1 for one to minimise. Mean and deviation of 3 shuffles.

    A model that rates slowly by `clock` gets fewer rows, down to 50, so that all shuffles take about 20 seconds.
    """
    chance = np.random.default_rng(seed)
    if len(frame) > MAX_IMPORTANCE_ROWS:
        frame = frame.iloc[np.sort(chance.choice(len(frame), MAX_IMPORTANCE_ROWS, replace=False))]
    started = clock()
    base = scores([frame])[0]
    frame, thinned = _within_time(frame, clock() - started)
    if thinned:
        base = scores([frame])[0]
    found: list[tuple[str, float, float]] = []
    names = list(frame.columns[:MAX_IMPORTANCE_COLUMNS])
    for start in range(0, len(names), IMPORTANCE_BATCH):
        batch = names[start : start + IMPORTANCE_BATCH]
        pieces = [_shuffled(frame, name, chance) for name in batch for _ in range(REPEATS)]
        losses = gain * (base - np.array(scores(pieces)).reshape(len(batch), REPEATS))
        found += [
            (str(name), float(row.mean()), float(row.std())) for name, row in zip(batch, losses, strict=True)
        ]
    found.sort(key=lambda row: (-row[1], row[0]))
    return {
        "type": "bars", "title": "Importance of the features", "x_title": f"Loss of {metric} when shuffled",
        "y_title": "Feature", "labels": [row[0] for row in found][:MAX_POINTS],
        "values": _numbers([row[1] for row in found][:MAX_POINTS]),
        "deviations": _numbers([row[2] for row in found][:MAX_POINTS]),
    }  # fmt: skip


def _within_time(frame: pd.DataFrame, seconds: float) -> tuple[pd.DataFrame, bool]:
    """Every second row as long as all shuffles would take too long, by what one rating took; not below the least."""
    planned, step = seconds * REPEATS * min(len(frame.columns), MAX_IMPORTANCE_COLUMNS), 1
    while planned / step > MOST_IMPORTANCE_SECONDS and len(frame) // (2 * step) >= LEAST_IMPORTANCE_ROWS:
        step *= 2
    return frame.iloc[::step], step > 1


def _shuffled(frame: pd.DataFrame, name: Any, chance: np.random.Generator) -> pd.DataFrame:
    copy = frame.copy(deep=False)
    copy[name] = frame[name].take(chance.permutation(len(frame))).set_axis(frame.index)
    return copy


def _roc(name: str, truth: Array, scores: Array) -> Curve:
    x, y, _ = sk.roc_curve(truth, scores)
    return _series(name, x, y, area=float(sk.roc_auc_score(truth, scores)))


def _pr(name: str, truth: Array, scores: Array) -> Curve:
    precision, recall, _ = sk.precision_recall_curve(truth, scores)
    return _series(name, recall[::-1], precision[::-1], area=float(sk.average_precision_score(truth, scores)))


def _calibration(name: str, truth: Array, scores: Array) -> Curve:
    """Ten equal bins of the probability; empty ones are left out."""
    bins = np.minimum((scores * CALIBRATION_BINS).astype(int), CALIBRATION_BINS - 1)
    filled = [number for number in range(CALIBRATION_BINS) if (bins == number).any()]
    x = np.array([scores[bins == number].mean() for number in filled])
    y = np.array([truth[bins == number].mean() for number in filled])
    return {**_series(name, x, y), "counts": [int((bins == number).sum()) for number in filled]}


def _series(name: str, x: Array, y: Array, **figures: float) -> Curve:
    places = _thinned(len(x))
    return {"name": name, "x": _numbers(x[places]), "y": _numbers(y[places]), **figures}


def _lines(title: str, x_title: str, y_title: str, series: Sequence[Mapping[str, Any]]) -> Curve:
    return {"type": "lines", "title": title, "x_title": x_title, "y_title": y_title, "series": list(series)}


def _points(title: str, x_title: str, y_title: str, x: Array, y: Array) -> Curve:
    return {
        "type": "points", "title": title, "x_title": x_title, "y_title": y_title,
        "x": _numbers(x), "y": _numbers(y),
    }  # fmt: skip


def _thinned(length: int) -> Array:
    """At most MAX_POINTS positions, evenly spaced, first and last among them."""
    return np.unique(np.linspace(0, length - 1, min(length, MAX_POINTS)).round().astype(int))


def _numbers(values: Array | Sequence[float]) -> list[float]:
    return [round(float(value), 10) for value in values]
