"""What all selectors share: features are put in order, the first so many are kept, names stay.

The selectors are part of saved models: renaming one breaks every model file.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import numpy.typing as npt
from sklearn.base import BaseEstimator
from sklearn.feature_selection import SelectorMixin
from sklearn.utils.validation import check_is_fitted, validate_data
from threadpoolctl import threadpool_limits

Array = npt.NDArray[Any]
MOST_ROWS = 10_000


@dataclass(frozen=True)
class Ranking:
    """`scores` per feature, higher is better; `order` names the features that vary, best first; `own` of them
    are kept when no number was asked for."""

    scores: Array
    order: Array
    own: int


class RankingSelector(SelectorMixin, BaseEstimator):  # type: ignore[misc]  # scikit-learn has no types
    """Keeps the best `n_features` of a matrix without gaps; constant ones never.

    A feature is one column, or with `groups` (a number per column) all columns of the same number.
    After fit: `scores_` and `order_` by feature, `n_own_` (its own choice), `n_kept_`, `support_` by column.
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
        if self.n_features is not None and self.n_features < 1:
            raise ValueError(f"n_features is {self.n_features}; at least 1 is kept.")
        varies = varying(matrix, groups)
        if not varies.any():
            raise ValueError("Every feature is constant; there is nothing to select.")
        with one_thread():
            ranking = self._rank(matrix, None if y is None else np.asarray(y), groups, varies)
        self.scores_, self.order_ = ranking.scores, ranking.order
        self.n_own_ = max(1, min(ranking.own, len(ranking.order)))
        self.n_kept_ = min(self.n_features or self.n_own_, len(ranking.order))
        self.support_ = np.isin(groups, self.order_[: self.n_kept_])
        return self

    def _rank(self, X: Array, y: Array | None, groups: Array, varies: Array) -> Ranking:
        raise NotImplementedError

    def _get_support_mask(self) -> Array:
        check_is_fitted(self, "support_")
        return self.support_

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.required = True
        return tags


def one_thread() -> Any:
    """Within it BLAS and OpenMP use one thread, as a job has one processor.

    Sums do not depend on the machine's number of processors then, and many short fits do not wait for each other.
    """
    return threadpool_limits(1)


def numbered(groups: Sequence[int] | None, n_columns: int) -> Array:
    """The feature number of each column; ValueError when there is not one per column, from 0 without holes."""
    numbers = np.arange(n_columns) if groups is None else np.asarray(groups, dtype=np.int64)
    if numbers.shape != (n_columns,):
        raise ValueError(f"groups has {numbers.size} numbers for {n_columns} columns.")
    if not np.array_equal(np.unique(numbers), np.arange(numbers.max() + 1)):
        raise ValueError("groups numbers the features from 0 on, without holes.")
    return numbers


def varying(X: Array, groups: Array) -> Array:
    """Which features have a column with two different values."""
    return total(groups, np.ptp(X, axis=0) > 0) > 0


def total(groups: Array, values: Array) -> Array:
    """The sum of the columns' values for each feature."""
    return np.bincount(groups, weights=values, minlength=int(groups.max()) + 1)


def largest(groups: Array, values: Array) -> Array:
    """The largest of the columns' values for each feature."""
    found = np.full(int(groups.max()) + 1, -np.inf)
    np.maximum.at(found, groups, values)
    return found


def best_first(scores: Array, varies: Array) -> Array:
    """The features that vary, by falling score; equal scores in the order of the columns."""
    order = np.argsort(-scores, kind="stable")
    return order[varies[order]]


def needed(y: Array | None) -> Array:
    if y is None:
        raise ValueError("This selection needs the target.")
    return y


def sample(n_rows: int, seed: int, most: int = MOST_ROWS) -> Array:
    """Sorted row positions, at most `most`."""
    if n_rows <= most:
        return np.arange(n_rows)
    return np.sort(np.random.default_rng(seed).choice(n_rows, most, replace=False))


def standardised(X: Array) -> Array:
    """Columns of mean 0 and deviation 1; constant ones all 0."""
    deviation = X.std(axis=0)
    constant = np.ptp(X, axis=0) == 0
    scaled: Array = (X - X.mean(axis=0)) / np.where(constant, 1.0, deviation)
    scaled[:, constant] = 0.0
    return scaled


def indicators(y: Array, kind: str) -> Array:
    """The target as standardised columns: itself, or one per class."""
    if kind == "regression":
        return standardised(y.astype(np.float64)[:, None])
    return standardised((y[:, None] == np.unique(y)[None, :]).astype(np.float64))


def contributions(X: Array, weights: Array, groups: Array) -> Array:
    """The deviation of what each feature adds to a linear model's answer; `weights` is outputs × columns."""
    found = np.zeros(int(groups.max()) + 1)
    for number in np.unique(groups):
        columns = groups == number
        found[number] = np.sqrt((X[:, columns] @ weights[:, columns].T).var(axis=0).sum())
    return found
