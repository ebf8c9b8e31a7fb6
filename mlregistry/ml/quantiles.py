"""A regressor that predicts several quantiles of the target, in order and covering what they promise.

The catalogue makes it around a regressor with a parameter `quantile`.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.base import BaseEstimator, RegressorMixin, clone
from sklearn.utils import Tags, get_tags

Array = npt.NDArray[Any]
CALIBRATED_SHARE = 0.25
LEAST_CALIBRATED = 20


class Quantiles(RegressorMixin, BaseEstimator):  # type: ignore[misc]  # scikit-learn has no types
    """One fit per level, evenly from (1 − coverage) / 2 to (1 + coverage) / 2; `predict` gives the median.

    Quantiles that cross are sorted (Chernozhukov, Fernández-Val and Galichon 2010). With `conformal` a quarter of the
    rows is kept from the fits, and each pair of levels moves apart or together until it covers its share of them
    (conformalised quantile regression; Romano, Patterson and Candès 2019); too few rows, and it is left out.
    """

    def __init__(
        self,
        regressor: Any,
        coverage: float = 0.8,
        n_quantiles: int = 3,
        conformal: bool = True,
        random_state: int = 0,
    ) -> None:
        self.regressor = regressor
        self.coverage = coverage
        self.n_quantiles = n_quantiles
        self.conformal = conformal
        self.random_state = random_state

    def fit(self, X: Any, y: Any) -> Quantiles:  # scikit-learn's names
        matrix, target = np.asarray(X), np.asarray(y, dtype=np.float64)
        self.levels_ = np.linspace((1 - self.coverage) / 2, (1 + self.coverage) / 2, self.n_quantiles)
        self.center_, self.scale_ = float(target.mean()), float(target.std()) or 1.0
        fitted, held = self._parts(len(target))
        scaled = (target - self.center_) / self.scale_
        self.regressors_ = [
            clone(self.regressor).set_params(quantile=float(level)).fit(matrix[fitted], scaled[fitted])
            for level in self.levels_
        ]
        self.shifts_ = np.zeros(self.n_quantiles)
        if len(held):
            self.shifts_ = self._conform(self._raw(matrix[held]), scaled[held])
        return self

    def predict(self, X: Any) -> Array:
        median: Array = self.predict_quantiles(X)[:, self.n_quantiles // 2]
        return median

    def predict_quantiles(self, X: Any) -> Array:
        """Rows × levels, ascending in each row."""
        found = np.sort(self._raw(np.asarray(X)) + self.shifts_, axis=1)
        scaled: Array = found * self.scale_ + self.center_
        return scaled

    def _parts(self, n: int) -> tuple[Array, Array]:
        n_held = int(n * CALIBRATED_SHARE) if self.conformal else 0
        if n_held < LEAST_CALIBRATED:
            return np.arange(n), np.arange(0)
        rows = np.random.default_rng(self.random_state).permutation(n)
        return np.sort(rows[n_held:]), np.sort(rows[:n_held])

    def _raw(self, matrix: Array) -> Array:
        return np.column_stack([one.predict(matrix) for one in self.regressors_])

    def _conform(self, predicted: Array, truth: Array) -> Array:
        shifts, n = np.zeros(self.n_quantiles), len(truth)
        for low in range(self.n_quantiles // 2):
            high = self.n_quantiles - 1 - low
            outside = np.maximum(predicted[:, low] - truth, truth - predicted[:, high])
            share = float(self.levels_[high] - self.levels_[low])
            place = min(n, math.ceil((n + 1) * share))
            shifts[high] = np.sort(outside)[place - 1]
            shifts[low] = -shifts[high]
        return shifts

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = get_tags(self.regressor).input_tags.allow_nan
        return tags
