"""A classifier with calibrated probabilities and a threshold of its own, and how both are learnt.

Pipelines are built with it where a recipe asks; supervised.adjusting fits it on out-of-fold predictions.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.isotonic import IsotonicRegression
from sklearn.linear_model import LogisticRegression
from sklearn.utils import Tags, get_tags

from mlregistry.ml import confusion

Array = npt.NDArray[Any]
MOST_THRESHOLDS = 500
EDGE = 1e-6


class Adjusted(ClassifierMixin, BaseEstimator):  # type: ignore[misc]  # scikit-learn has no types
    """`calibrators_` (one for the second of two classes, else one per class) and `threshold_` are None until set."""

    def __init__(self, classifier: Any) -> None:
        self.classifier = classifier

    def fit(self, X: Any, y: Any) -> Adjusted:  # scikit-learn's names
        self.classifier_ = clone(self.classifier).fit(X, y)
        self.classes_ = self.classifier_.classes_
        self.calibrators_: list[Any] | None = None
        self.threshold_: float | None = None
        return self

    def predict_proba(self, X: Any) -> Array:
        return calibrated(np.asarray(self.classifier_.predict_proba(X), dtype=np.float64), self.calibrators_)

    def predict(self, X: Any) -> Array:
        return np.asarray(self.classes_)[decided(self.predict_proba(X), self.threshold_)]

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = get_tags(self.classifier).input_tags.allow_nan
        return tags


class Sigmoid(BaseEstimator):  # type: ignore[misc]  # scikit-learn has no types
    """Platt's scaling (1999) on log-odds: a straight line in them, fitted to his smoothed targets."""

    def fit(self, probability: Array, truth: Array) -> Sigmoid:
        positives = float(truth.sum())
        negatives = len(truth) - positives
        high, low = (positives + 1) / (positives + 2), 1 / (negatives + 2)
        target = np.where(truth == 1, high, low)
        odds, n = _log_odds(probability), len(truth)
        line = LogisticRegression(C=1e10, max_iter=1000)
        line.fit(
            np.concatenate([odds, odds])[:, None],
            np.repeat([1, 0], n),
            sample_weight=np.concatenate([target, 1 - target]),
        )
        self.slope_, self.intercept_ = float(line.coef_[0, 0]), float(line.intercept_[0])
        return self

    def predict(self, probability: Array) -> Array:
        found: Array = 1 / (1 + np.exp(-(self.slope_ * _log_odds(probability) + self.intercept_)))
        return found


def threshold_of(estimator: Any) -> float | None:
    """The threshold that a fitted estimator decides by; None where it takes the likeliest class."""
    found: float | None = getattr(estimator, "threshold_", None)
    return found


def decided(probabilities: Array, threshold: float | None) -> Array:
    """The class number of each row: the likeliest, or of two classes the second from the threshold on."""
    if threshold is None or probabilities.shape[1] != 2:
        likeliest: Array = probabilities.argmax(axis=1)
        return likeliest
    found: Array = (probabilities[:, 1] >= threshold).astype(np.int64)
    return found


def fit_calibrators(method: str, truth: Array, probabilities: Array) -> list[Any]:
    """One per class against the rest (Zadrozny and Elkan 2002); of two classes the second's alone."""
    numbers = [1] if probabilities.shape[1] == 2 else range(probabilities.shape[1])
    return [_calibrator(method).fit(probabilities[:, i], (truth == i).astype(np.float64)) for i in numbers]


def calibrated(probabilities: Array, calibrators: list[Any] | None) -> Array:
    """The probabilities through the calibrators, summing to 1; as they were where all would be 0."""
    if calibrators is None:
        return probabilities
    if probabilities.shape[1] == 2:
        second = calibrators[0].predict(probabilities[:, 1])
        return np.column_stack([1 - second, second])
    found = np.column_stack([one.predict(probabilities[:, i]) for i, one in enumerate(calibrators)])
    total = found.sum(axis=1, keepdims=True)
    return np.where(
        total > 0, np.divide(found, total, where=total > 0, out=np.zeros_like(found)), probabilities
    )


def best_threshold(truth: Array, probability: Array, metric: str) -> float:
    """The threshold with the best `metric` of decisions; between two values, the one nearest to a half of equals."""
    values = np.unique(probability)
    middles = (values[:-1] + values[1:]) / 2 if len(values) > 1 else np.array([0.5])
    if len(middles) > MOST_THRESHOLDS:
        middles = np.quantile(middles, np.linspace(0, 1, MOST_THRESHOLDS))
    scores = confusion.FORMS[metric](_stack(truth, probability, middles))
    best = middles[scores >= scores.max() - 1e-12]
    return float(best[np.argmin(np.abs(best - 0.5))])


def _stack(truth: Array, probability: Array, thresholds: Array) -> Array:
    """The confusion matrix under each threshold."""
    below = [np.searchsorted(np.sort(probability[truth == i]), thresholds, side="left") for i in (0, 1)]
    totals = [int((truth == i).sum()) for i in (0, 1)]
    rows = [np.column_stack([below[i], totals[i] - below[i]]) for i in (0, 1)]
    return np.stack(rows, axis=1)


def _calibrator(method: str) -> Any:
    if method == "isotonic":
        return IsotonicRegression(y_min=0.0, y_max=1.0, out_of_bounds="clip")
    return Sigmoid()


def _log_odds(probability: Array) -> Array:
    inner = np.clip(probability, EDGE, 1 - EDGE)
    found: Array = np.log(inner / (1 - inner))
    return found
