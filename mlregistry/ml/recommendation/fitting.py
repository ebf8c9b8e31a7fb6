"""The recommenders of the catalogue: each is made with its params and fits a Scoring on the training interactions.

Training calls `fit`; the catalogue names the classes. Recommenders from `implicit` are in `alternating`.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import linalg, sparse
from sklearn.decomposition import NMF
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils.extmath import randomized_svd

from mlregistry.errors import Invalid
from mlregistry.ml.recommendation.scoring import (
    EaseOfUsers,
    Factors,
    ItemWeights,
    Matrix,
    Popularity,
    Projection,
    Scoring,
    UserNeighbours,
)

Array = npt.NDArray[Any]
MOST_EASE = 8_000
MOST_NEIGHBOUR_ITEMS = 50_000
MOST_NEIGHBOUR_USERS = 200_000
BLOCK_CELLS = 20_000_000
WEIGHTS = ("all", "liked", "rating")
DISLIKED = 0.01


@dataclass(frozen=True)
class Rows:
    """Training interactions by number, each pair once; ratings only where the problem has a target."""

    users: Array
    items: Array
    ratings: Array | None
    liked_from: float
    n_users: int
    n_items: int

    def matrix(self, weights: str) -> Matrix:
        """users × items: 1, or by `weights` less for items that were not liked (a hundredth) or rated lower."""
        values = np.ones(len(self.users))
        if self.ratings is not None and weights == "liked":
            values = np.where(self.ratings >= self.liked_from, 1.0, DISLIKED)
        elif self.ratings is not None and weights == "rating":
            lowest, span = self.ratings.min(), np.ptp(self.ratings)
            values = 0.1 + 0.9 * (self.ratings - lowest) / span if span else values
        found = sparse.csr_matrix(
            (values.astype(np.float32), (self.users, self.items)), shape=(self.n_users, self.n_items)
        )
        found.sort_indices()
        return found


class Recommending:
    """What all have in common: which weights the interactions get."""

    def __init__(self, *, weights: str = "all", **params: Any) -> None:
        self.weights = weights
        self.params = params

    def fit(self, rows: Rows) -> tuple[Scoring, Matrix]:
        """The scoring with the matrix that it was fitted on, whose rows are the users' profiles."""
        matrix = rows.matrix(self.weights)
        return self.learn(matrix, **self.params), matrix

    def learn(self, matrix: Matrix, **params: Any) -> Scoring:
        raise NotImplementedError


class MostPopular(Recommending):
    def learn(self, matrix: Matrix, **params: Any) -> Scoring:
        return Popularity(np.asarray(matrix.sum(axis=0), dtype=np.float64).ravel())


class ItemNeighbours(Recommending):
    """Cosine between items, shrunk by few common users (Sarwar et al. 2001; Deshpande and Karypis 2004)."""

    def learn(self, matrix: Matrix, **params: Any) -> Scoring:
        n_neighbours, shrinkage = params["n_neighbours"], params["shrinkage"]
        _refuse(matrix.shape[1] > MOST_NEIGHBOUR_ITEMS, "Item neighbours", "items", MOST_NEIGHBOUR_ITEMS)
        lengths = np.sqrt(np.asarray(matrix.multiply(matrix).sum(axis=0)).ravel())
        by_item = matrix.T.tocsr()
        n_items = matrix.shape[1]
        step = max(1, BLOCK_CELLS // max(1, n_items))
        rows, columns, values = [], [], []
        for start in range(0, n_items, step):
            near = np.asarray((by_item[start : start + step] @ matrix).todense(), dtype=np.float32)
            own = np.arange(len(near))
            near /= lengths[start : start + step, None] * lengths[None, :] + shrinkage + 1e-12
            near[own, own + start] = 0.0
            keep = min(n_neighbours, n_items)
            places = np.argpartition(-near, keep - 1, axis=1)[:, :keep]
            rows.append(np.repeat(own + start, keep))
            columns.append(places.ravel())
            values.append(np.take_along_axis(near, places, axis=1).ravel())
        data = np.concatenate(values), (np.concatenate(columns), np.concatenate(rows))
        weights = sparse.csr_matrix(data, shape=(n_items, n_items))
        weights.eliminate_zeros()
        return ItemWeights(weights)


class UsersAlike(Recommending):
    """The profiles of similar users (Herlocker et al. 1999, on interactions)."""

    def learn(self, matrix: Matrix, **params: Any) -> Scoring:
        _refuse(matrix.shape[0] > MOST_NEIGHBOUR_USERS, "User neighbours", "users", MOST_NEIGHBOUR_USERS)
        lengths = np.sqrt(np.asarray(matrix.multiply(matrix).sum(axis=1)).ravel())
        return UserNeighbours(lengths, params["n_neighbours"], params["shrinkage"])


class Ease(Recommending):
    """Embarrassingly shallow autoencoder (Steck 2019): B = I − P diag(1 / diag P), P = (XᵀX + λI)⁻¹.

    Solved over the items or the users, whichever are fewer; the answer is the same.
    """

    def learn(self, matrix: Matrix, **params: Any) -> Scoring:
        _refuse(min(matrix.shape) > MOST_EASE, "EASE", "items (or users)", MOST_EASE)
        regularization = float(params["regularization"])
        n_users, n_items = matrix.shape
        if n_items <= n_users:
            inverse = _inverse(matrix.T @ matrix, regularization)
            weights = inverse / -np.diag(inverse)[None, :]
            np.fill_diagonal(weights, 0.0)
            return ItemWeights(weights.astype(np.float32))
        inverse = _inverse(matrix @ matrix.T, regularization)
        passed = np.asarray(matrix.T @ inverse)  # items × users
        diagonal = np.empty(n_items)
        by_item = matrix.T.tocsr()
        for item in range(n_items):
            own = slice(by_item.indptr[item], by_item.indptr[item + 1])
            diagonal[item] = passed[item, by_item.indices[own]] @ by_item.data[own]
        diagonal = (1.0 - diagonal) / regularization
        return EaseOfUsers(inverse.astype(np.float32), diagonal.astype(np.float32), regularization)


class NonNegative(Recommending):
    """Non-negative factors of the interactions (Lee and Seung 2001)."""

    def learn(self, matrix: Matrix, **params: Any) -> Scoring:
        rank = min(params["factors"], *matrix.shape)
        model = NMF(rank, init="nndsvda", max_iter=params["max_iter"], random_state=params["random_state"])
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            users = model.fit_transform(matrix.astype(np.float64))
        return Factors(users, model.components_.T.copy(), 0.0, 0.0, True)


class PureSvd(Recommending):
    """Truncated singular value decomposition of the interactions (PureSVD: Cremonesi, Koren and Turrin 2010)."""

    def learn(self, matrix: Matrix, **params: Any) -> Scoring:
        rank = min(params["factors"], *matrix.shape)
        _, _, vectors = randomized_svd(
            matrix.astype(np.float64), rank, n_iter=7, random_state=params["random_state"]
        )
        return Projection(vectors.T.astype(np.float32))


def _inverse(product: Matrix, regularization: float) -> Array:
    """Of a Gram matrix plus λI, by Cholesky."""
    dense = np.asarray(product.todense(), dtype=np.float64)
    dense[np.diag_indices_from(dense)] += regularization
    factor = linalg.cho_factor(dense, lower=True, overwrite_a=True)
    return np.asarray(linalg.cho_solve(factor, np.eye(len(dense))))


def _refuse(too_many: bool, title: str, what: str, most: int) -> None:
    if too_many:
        raise Invalid(
            f"{title} needs memory for the square of the number of {what}; at most {most:,} are allowed."
            " Choose a recommender by factors, or leave out what is rare.",
            field="estimator",
        )
