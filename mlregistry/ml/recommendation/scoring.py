"""The forms that a fitted recommender takes, each a few arrays that turn profiles of users into scores of items.

Fitting makes them, Recommender asks them and stores their arrays. A profile is one sparse row of item weights;
users are numbers of training users, −1 for one who was not among them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, ClassVar, Protocol, Self

import numpy as np
import numpy.typing as npt
from scipy import sparse

Array = npt.NDArray[Any]
Matrix = Any  # scipy.sparse.csr_matrix, which has no types
FOLD_ROUNDS = 50


class Scoring(Protocol):
    name: ClassVar[str]

    def scores(self, profiles: Matrix, users: Array, seen: Matrix) -> Array:
        """One row of scores over all items per profile; `seen` are the profiles of all training users."""
        ...

    def arrays(self) -> dict[str, Array]: ...

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, Array]) -> Self: ...


class _Stored:
    """Arrays and numbers of a dataclass by the names of its fields."""

    def arrays(self) -> dict[str, Array]:
        return {item.name: np.asarray(getattr(self, item.name)) for item in fields(self)}  # type: ignore[arg-type]  # every part is a dataclass

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, Array]) -> Self:
        return cls(**{item.name: _plain(arrays[item.name]) for item in fields(cls)})  # type: ignore[arg-type]  # every part is a dataclass


@dataclass(frozen=True)
class Popularity(_Stored):
    """The same list for everybody."""

    name: ClassVar[str] = "popularity"
    popularity: Array

    def scores(self, profiles: Matrix, users: Array, seen: Matrix) -> Array:
        return np.tile(self.popularity, (len(users), 1))


@dataclass(frozen=True)
class ItemWeights:
    """Item-to-item weights W, dense or sparse: scores are profile · W."""

    name: ClassVar[str] = "item_weights"
    weights: Any

    def scores(self, profiles: Matrix, users: Array, seen: Matrix) -> Array:
        found = profiles @ self.weights
        return np.asarray(found.toarray() if sparse.issparse(found) else found)

    def arrays(self) -> dict[str, Array]:
        if sparse.issparse(self.weights):
            return {f"w_{key}": getattr(self.weights, key) for key in ("data", "indices", "indptr")}
        return {"weights": self.weights}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, Array]) -> Self:
        if "weights" in arrays:
            return cls(np.asarray(arrays["weights"]))
        n_items = len(arrays["w_indptr"]) - 1
        parts = (arrays["w_data"], arrays["w_indices"], arrays["w_indptr"])
        return cls(sparse.csr_matrix(parts, shape=(n_items, n_items)))


@dataclass(frozen=True)
class EaseOfUsers(_Stored):
    """EASE written over users, for fewer users than items.

    With P = (XᵀX + λI)⁻¹ = (I − Xᵀ(XXᵀ + λI)⁻¹X)/λ, a profile's scores are x − xP / diag P off its own items.
    """

    name: ClassVar[str] = "ease_of_users"
    inverse: Array  # (XXᵀ + λI)⁻¹
    diagonal: Array  # of P
    regularization: float

    def scores(self, profiles: Matrix, users: Array, seen: Matrix) -> Array:
        x = profiles.toarray().astype(np.float32)
        near = np.asarray((profiles @ seen.T).todense(), dtype=np.float32) @ self.inverse
        passed = (x - np.asarray(near @ seen, dtype=np.float32)) / self.regularization
        found: Array = x - passed / self.diagonal
        return found


@dataclass(frozen=True)
class UserNeighbours(_Stored):
    """The sum of the profiles of the `n_neighbours` most similar users, weighted by their shrunk cosine."""

    name: ClassVar[str] = "user_neighbours"
    lengths: Array
    n_neighbours: int
    shrinkage: float

    def scores(self, profiles: Matrix, users: Array, seen: Matrix) -> Array:
        own = np.sqrt(np.asarray(profiles.multiply(profiles).sum(axis=1)).ravel())
        near = np.asarray((profiles @ seen.T).todense(), dtype=np.float64)
        near /= own[:, None] * self.lengths[None, :] + self.shrinkage + 1e-12
        known = np.flatnonzero(users >= 0)
        near[known, users[known]] = 0.0
        keep = min(self.n_neighbours, near.shape[1])
        least = np.partition(near, near.shape[1] - keep, axis=1)[:, near.shape[1] - keep]
        near[near < least[:, None]] = 0.0
        return np.asarray(near @ seen)


@dataclass(frozen=True)
class Projection(_Stored):
    """Profiles projected on the leading right singular vectors V: scores are x V Vᵀ."""

    name: ClassVar[str] = "projection"
    vectors: Array

    def scores(self, profiles: Matrix, users: Array, seen: Matrix) -> Array:
        return np.asarray(profiles @ self.vectors) @ self.vectors.T


@dataclass(frozen=True)
class Factors(_Stored):
    """User and item factors; scores are their products.

    A profile that is not a training user's own is folded in: by least squares with confidence 1 + alpha·weight
    (Hu, Koren and Volinsky 2008), or with non-negative factors by multiplicative updates (Lee and Seung 2001).
    """

    name: ClassVar[str] = "factors"
    user_factors: Array
    item_factors: Array
    regularization: float
    alpha: float
    non_negative: bool

    def scores(self, profiles: Matrix, users: Array, seen: Matrix) -> Array:
        rows = [
            self.user_factors[user]
            if user >= 0 and _same(profiles[n], seen[user])
            else self._fold(profiles[n])
            for n, user in enumerate(users)
        ]
        return np.asarray(np.array(rows) @ self.item_factors.T)

    def _fold(self, profile: Matrix) -> Array:
        items = self.item_factors[profile.indices].astype(np.float64)
        if self.non_negative:
            return self._fold_non_negative(items, profile.data)
        size = self.item_factors.shape[1]
        whole = self.item_factors.T.astype(np.float64) @ self.item_factors
        weights = self.alpha * profile.data
        left = whole + (items.T * weights) @ items + max(self.regularization, 1e-6) * np.eye(size)
        return np.asarray(np.linalg.solve(left, items.T @ (1 + weights)))

    def _fold_non_negative(self, items: Array, weights: Array) -> Array:
        whole = self.item_factors.T.astype(np.float64) @ self.item_factors
        wanted = items.T @ weights
        found = np.full(len(wanted), 0.1)
        for _ in range(FOLD_ROUNDS):
            found *= wanted / (whole @ found + 1e-12)
        return found


@dataclass(frozen=True)
class Ratings(_Stored):
    """Predicted ratings: mean + user bias + item bias + factors (Koren, Bell and Volinsky 2009).

    A user without ratings gets the mean and the items' biases.
    """

    name: ClassVar[str] = "ratings"
    mean: float
    user_biases: Array
    item_biases: Array
    user_factors: Array
    item_factors: Array
    lowest: float
    highest: float

    def scores(self, profiles: Matrix, users: Array, seen: Matrix) -> Array:
        known = users >= 0
        biases = np.where(known, self.user_biases[users], 0.0)
        factors = np.where(known[:, None], self.user_factors[users], 0.0)
        found: Array = self.mean + biases[:, None] + self.item_biases + factors @ self.item_factors.T
        return found

    def ratings(self, users: Array, items: Array) -> Array:
        """For pairs, within the scale; −1 stands for an unknown user or item."""
        biases = np.where(users >= 0, self.user_biases[users], 0.0)
        biases = biases + np.where(items >= 0, self.item_biases[items], 0.0)
        both = ((users >= 0) & (items >= 0))[:, None]
        products = np.where(both, self.user_factors[users] * self.item_factors[items], 0.0).sum(axis=1)
        found: Array = np.clip(self.mean + biases + products, self.lowest, self.highest)
        return found


def _same(one: Matrix, other: Matrix) -> bool:
    return np.array_equal(one.indices, other.indices) and np.array_equal(one.data, other.data)


def _plain(value: Array) -> Any:
    """A stored number as a number."""
    return value.item() if value.ndim == 0 else value


FORMS: dict[str, type[Any]] = {
    form.name: form
    for form in (Popularity, ItemWeights, EaseOfUsers, UserNeighbours, Projection, Factors, Ratings)
}
