"""How good a model is on rows whose truth is not known yet. Called by jobs that watch endpoints.

Classification by confidence (CBPE, as NannyML has it): calibrated probabilities are the expected truth. Regression by a
second model that learns the loss (direct loss estimation). Both hold while what the inputs mean stays the same, that is
under covariate shift to which the scores stay calibrated; a change of the relation itself they cannot see.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from threadpoolctl import threadpool_limits

from mlregistry.errors import Invalid
from mlregistry.lib.lazily import lazily
from mlregistry.ml.monitoring.trees import Trees, trees_of

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    from sklearn import ensemble, isotonic

    Floats = npt.NDArray[np.float64]
    Labels = npt.NDArray[np.int64]
else:
    np, ensemble, isotonic = lazily("numpy"), lazily("sklearn.ensemble"), lazily("sklearn.isotonic")

LEAST_ROWS = 100


@dataclass(frozen=True)
class Calibration:
    """An isotonic curve per class, learnt on rows whose truth is known and that the model was not trained on."""

    curves: tuple[isotonic.IsotonicRegression, ...]

    def probabilities(self, scores: Floats) -> Floats:
        """Rows × classes, each row summing to 1."""
        raised = np.column_stack([curve.predict(scores[:, place]) for place, curve in enumerate(self.curves)])
        totals = raised.sum(axis=1, keepdims=True)
        found: Floats = np.where(totals > 0, raised / np.where(totals > 0, totals, 1), 1 / len(self.curves))
        return found


def calibrated(scores: Floats, truth: Labels) -> Calibration:
    """From the model's probabilities (rows × classes) and the number of each row's class."""
    _check(scores, len(truth))
    curves = []
    for place in range(scores.shape[1]):
        curve = isotonic.IsotonicRegression(y_min=0, y_max=1, out_of_bounds="clip")
        curves.append(curve.fit(scores[:, place], (truth == place).astype(np.float64)))
    return Calibration(tuple(curves))


@dataclass(frozen=True)
class Estimate:
    """Expected metrics; F1 and AUC are of the second of two classes, else means over the classes. None where undefined.

    `confusion` has the expected rows of each true class (down) that were predicted as each class (across).
    """

    n: int
    accuracy: float
    f1: float | None
    roc_auc: float | None
    confusion: tuple[tuple[float, ...], ...]


def classification(calibration: Calibration, scores: Floats, predicted: Labels) -> Estimate:
    """Of rows without truth, from the model's probabilities and the number of the class that it gave."""
    _check(scores, len(predicted), least=1)
    truth = calibration.probabilities(scores)
    k = truth.shape[1]
    confusion = np.column_stack([truth[predicted == place].sum(axis=0) for place in range(k)])
    wanted = [1] if k == 2 else range(k)
    f1 = [_f1(confusion, place) for place in wanted]
    auc = [_auc(scores[:, place], truth[:, place]) for place in wanted]
    return Estimate(
        n=len(predicted),
        accuracy=float(np.trace(confusion)) / len(predicted),
        f1=_mean(f1),
        roc_auc=_mean(auc),
        confusion=tuple(tuple(row) for row in confusion.tolist()),
    )


@dataclass(frozen=True)
class LossEstimate:
    """Expected errors of a regression's predictions."""

    n: int
    mae: float
    rmse: float


@dataclass(frozen=True)
class LossModel:
    """Two models of the error's size and of its square, by inputs and prediction."""

    size: Trees
    square: Trees

    def estimate(self, inputs: Floats, predicted: Floats) -> LossEstimate:
        """Of rows without truth."""
        rows = np.column_stack([inputs, predicted])
        if not len(rows):
            raise Invalid("There are no rows to estimate from.", field="rows")
        size, square = self.size.predict(rows), self.square.predict(rows)
        mean = float(np.maximum(square, 0).mean())
        return LossEstimate(len(rows), float(np.maximum(size, 0).mean()), math.sqrt(mean))


def regression(inputs: Floats, predicted: Floats, truth: Floats, *, seed: int = 0) -> LossModel:
    """Learnt on rows whose truth is known and that the model was not trained on; inputs are numbers, NaN allowed."""
    _check(inputs, len(truth))
    rows = np.column_stack([inputs, predicted])
    error = np.abs(truth - predicted)
    with threadpool_limits(1, user_api="openmp"):
        models = [
            trees_of(
                ensemble.HistGradientBoostingRegressor(
                    max_iter=60, max_leaf_nodes=12, early_stopping=False, random_state=seed
                ).fit(rows, target)
            )
            for target in (error, error**2)
        ]
    return LossModel(*models)


def _check(rows: Any, n: int, least: int = LEAST_ROWS) -> None:
    if rows.ndim != 2 or len(rows) != n:
        raise Invalid("There must be one row of figures for each answer.", field="rows")
    if n < least:
        raise Invalid(f"An estimate needs at least {least} rows; there are {n}.", field="rows")


def _f1(confusion: Floats, place: int) -> float | None:
    hits = float(confusion[place, place])
    total = float(confusion[place].sum() + confusion[:, place].sum())
    return 2 * hits / total if total else None


def _auc(scores: Floats, truth: Floats) -> float | None:
    """The chance that an expected member scores above an expected other, ties counting half."""
    values, places = np.unique(scores, return_inverse=True)
    members = np.bincount(places, weights=truth, minlength=len(values))
    others = np.bincount(places, weights=1 - truth, minlength=len(values))
    pairs = float(members.sum() * others.sum())
    below = np.cumsum(others) - others / 2
    return float(members @ below) / pairs if pairs > 0 else None


def _mean(values: list[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return sum(known) / len(known) if known else None
