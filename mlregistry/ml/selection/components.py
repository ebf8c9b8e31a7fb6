"""Principal components as a step of a pipeline; made through the table of methods."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Self

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.validation import check_is_fitted, validate_data

from mlregistry.ml.selection.ranking import Array, numbered, one_thread, standardised, total

SHARE = 0.95


class Components(TransformerMixin, BaseEstimator):  # type: ignore[misc]  # scikit-learn has no types
    """The first `n_features` principal components of the standardised columns (None: 95 % of the variance).

    It mixes features and keeps none. After fit: `explained_variance_ratio_`, `components_` (component × column,
    the largest weight of each positive) and `shares_` (component × feature: the squared weights, summing to 1).
    """

    def __init__(
        self,
        kind: str = "classification",
        n_features: int | None = None,
        groups: Sequence[int] | None = None,
        seed: int = 0,
    ) -> None:
        self.kind = kind
        self.n_features = n_features
        self.groups = groups
        self.seed = seed

    def fit(self, X: Any, y: Any = None) -> Self:
        matrix = validate_data(self, X, dtype=np.float64, ensure_min_samples=2)
        groups = numbered(self.groups, matrix.shape[1])
        if not (np.ptp(matrix, axis=0) > 0).any():
            raise ValueError("Every feature is constant; there is nothing to select.")
        scaled = standardised(matrix)
        self.mean_ = matrix.mean(axis=0)
        self.scale_ = np.where(np.ptp(matrix, axis=0) > 0, matrix.std(axis=0), 1.0)
        with one_thread():
            variances, vectors = _axes(scaled)
        self.all_ratios_ = variances / variances.sum()
        self.n_own_ = int(np.searchsorted(np.cumsum(self.all_ratios_), SHARE - 1e-12)) + 1
        n_kept = min(self.n_features or self.n_own_, len(variances))
        self.components_, self.explained_variance_ratio_ = vectors[:n_kept], self.all_ratios_[:n_kept]
        self.shares_ = np.array([total(groups, weights**2) for weights in self.components_])
        return self

    def transform(self, X: Any) -> Array:
        check_is_fitted(self, "components_")
        matrix = validate_data(self, X, dtype=np.float64, reset=False)
        scores: Array = ((matrix - self.mean_) / self.scale_) @ self.components_.T
        return scores

    def get_feature_names_out(self, input_features: Any = None) -> Array:
        check_is_fitted(self, "components_")
        return np.array([f"component {place + 1}" for place in range(len(self.components_))], dtype=object)


def _axes(scaled: Array) -> tuple[Array, Array]:
    """Variances, largest first, and unit vectors as rows, without axes of no variance."""
    values, vectors = np.linalg.eigh(scaled.T @ scaled / len(scaled))
    values, rows = values[::-1], vectors.T[::-1]
    real = values > max(1e-10 * values[0], 0.0)
    values, rows = values[real], rows[real]
    signs = np.sign(rows[np.arange(len(rows)), np.abs(rows).argmax(axis=1)])
    return values, rows * signs[:, None]
