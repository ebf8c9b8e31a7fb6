"""Recommenders that predict ratings: biases alone, and biases with factors. The catalogue names them."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import sparse

from mlregistry.errors import Invalid
from mlregistry.ml.recommendation.fitting import Rows
from mlregistry.ml.recommendation.scoring import Matrix, Ratings, Scoring

Array = npt.NDArray[Any]
BIAS_ROUNDS = 10


class RatingMeans:
    """Mean, item bias and user bias, damped (Koren, Bell and Volinsky 2009, equation 3)."""

    def __init__(self, *, damping: float) -> None:
        self.damping = damping

    def fit(self, rows: Rows) -> tuple[Scoring, Matrix]:
        return _ratings(rows, self.damping), rows.matrix("all")


class RatingFactors:
    """Biases, then factors of what they leave, by alternating least squares over the known ratings.

    Koren, Bell and Volinsky 2009; the penalty grows with the number of ratings (Zhou et al. 2008).
    """

    def __init__(
        self, *, factors: int, regularization: float, iterations: int, damping: float, random_state: int
    ) -> None:
        self.factors, self.regularization, self.iterations = factors, regularization, iterations
        self.damping, self.random_state = damping, random_state

    def fit(self, rows: Rows) -> tuple[Scoring, Matrix]:
        base = _ratings(rows, self.damping)
        assert rows.ratings is not None  # noqa: S101  # _ratings has refused what has none
        left = rows.ratings - base.mean - base.user_biases[rows.users] - base.item_biases[rows.items]
        by_user = sparse.csr_matrix((left, (rows.users, rows.items)), shape=(rows.n_users, rows.n_items))
        by_item = by_user.T.tocsr()
        chance = np.random.default_rng(self.random_state)
        items = chance.normal(0, 0.1, (rows.n_items, self.factors))
        for _ in range(self.iterations):
            users = _solved(by_user, items, self.regularization)
            items = _solved(by_item, users, self.regularization)
        found = Ratings(
            base.mean, base.user_biases, base.item_biases, users, items, base.lowest, base.highest
        )
        return found, rows.matrix("all")


def _solved(left: Matrix, factors: Array, regularization: float) -> Array:
    """The least-squares factors of each row, given those of the columns."""
    found = np.zeros((left.shape[0], factors.shape[1]))
    identity = np.eye(factors.shape[1])
    for row in range(left.shape[0]):
        own = slice(left.indptr[row], left.indptr[row + 1])
        if own.start == own.stop:
            continue
        near = factors[left.indices[own]]
        weight = regularization * (own.stop - own.start)
        found[row] = np.linalg.solve(near.T @ near + weight * identity, near.T @ left.data[own])
    return found


def _ratings(rows: Rows, damping: float) -> Ratings:
    if rows.ratings is None:
        raise Invalid(
            "This recommender predicts ratings, but the problem has no target; name the column of ratings,"
            " or choose a recommender that learns from who had what.",
            field="estimator",
        )
    mean = float(rows.ratings.mean())
    users, items = np.zeros(rows.n_users), np.zeros(rows.n_items)
    n_users = np.bincount(rows.users, minlength=rows.n_users)
    n_items = np.bincount(rows.items, minlength=rows.n_items)
    for _ in range(BIAS_ROUNDS):
        left = rows.ratings - mean - users[rows.users]
        items = np.bincount(rows.items, left, rows.n_items) / (n_items + damping + 1e-9)
        left = rows.ratings - mean - items[rows.items]
        users = np.bincount(rows.users, left, rows.n_users) / (n_users + damping + 1e-9)
    none = np.zeros((1, 0))
    lowest, highest = float(rows.ratings.min()), float(rows.ratings.max())
    empty_users, empty_items = np.repeat(none, rows.n_users, axis=0), np.repeat(none, rows.n_items, axis=0)
    return Ratings(mean, users, items, empty_users, empty_items, lowest, highest)
