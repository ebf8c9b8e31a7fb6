"""Encoders of categories that scikit-learn lacks: counts and signed hashes. They take text without gaps."""

from __future__ import annotations

import hashlib
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.base import BaseEstimator, OneToOneFeatureMixin, TransformerMixin


class FrequencyEncoder(OneToOneFeatureMixin, TransformerMixin, BaseEstimator):  # type: ignore[misc]  # scikit-learn has no types
    """The share of the training rows that have the category; one that was never seen has 0."""

    def fit(self, X: npt.NDArray[Any], y: Any = None) -> Self:
        self.n_features_in_ = X.shape[1]
        self.shares_ = []
        for place in range(X.shape[1]):
            counts = pd.Series(X[:, place], dtype=object).value_counts(normalize=True)
            self.shares_.append({str(name): float(share) for name, share in counts.items()})
        return self

    def transform(self, X: npt.NDArray[Any]) -> npt.NDArray[np.float64]:
        made = np.zeros(X.shape)
        for place, shares in enumerate(self.shares_):
            made[:, place] = [shares.get(value, 0.0) for value in X[:, place].tolist()]
        return made


class HashEncoder(TransformerMixin, BaseEstimator):  # type: ignore[misc]  # scikit-learn has no types
    """Each column's category as ±1 in one of `n_columns` columns, by BLAKE2b: nothing is learnt, nothing is unknown."""

    def __init__(self, n_columns: int = 16) -> None:
        self.n_columns = n_columns

    def fit(self, X: npt.NDArray[Any], y: Any = None) -> Self:
        self.n_features_in_ = X.shape[1]
        return self

    def transform(self, X: npt.NDArray[Any]) -> npt.NDArray[np.float64]:
        made = np.zeros((len(X), X.shape[1] * self.n_columns))
        for place in range(X.shape[1]):
            codes, values = pd.factorize(X[:, place])
            hashes = [self._hash(str(value)) for value in values]
            for row, code in enumerate(codes):
                slot, sign = hashes[code]
                made[row, place * self.n_columns + slot] = sign
        return made

    def get_feature_names_out(self, input_features: Any = None) -> npt.NDArray[Any]:
        return np.array(
            [f"{name} #{slot}" for name in input_features for slot in range(self.n_columns)], dtype=object
        )

    def _hash(self, value: str) -> tuple[int, float]:
        number = int.from_bytes(
            hashlib.blake2b(value.encode("utf-8", "replace"), digest_size=8).digest(), "big"
        )
        return (number >> 1) % self.n_columns, 1.0 if number & 1 else -1.0


class OrderEncoder(OneToOneFeatureMixin, TransformerMixin, BaseEstimator):  # type: ignore[misc]  # scikit-learn has no types
    """The place of the category in the given order, from 0; -1 for one that is not in it."""

    def __init__(self, order: Any) -> None:
        self.order = order

    def fit(self, X: npt.NDArray[Any], y: Any = None) -> Self:
        self.n_features_in_ = X.shape[1]
        return self

    def transform(self, X: npt.NDArray[Any]) -> npt.NDArray[np.float64]:
        places = {str(name): float(place) for place, name in enumerate(self.order)}
        made = [[places.get(value, -1.0) for value in row] for row in X.tolist()]
        return np.array(made, dtype=np.float64).reshape(X.shape)
