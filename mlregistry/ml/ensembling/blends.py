"""Ensembles as estimators: several models on the same features, their predictions mixed by given weights.

The catalogue makes them from the members that a recipe names.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import joblib
import numpy as np
import numpy.typing as npt
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin, clone
from sklearn.utils import Tags, get_tags

from mlregistry.ml.ensembling import mixing
from mlregistry.ml.ensembling.mixing import Mix

Array = npt.NDArray[Any]
FITTED: ContextVar[dict[str, Any] | None] = ContextVar("fitted", default=None)


@contextmanager
def sharing() -> Iterator[None]:
    """Within, a member that was fitted on the same rows before is not fitted again."""
    token = FITTED.set({})
    try:
        yield
    finally:
        FITTED.reset(token)


class _Blend(BaseEstimator):  # type: ignore[misc]  # scikit-learn has no types
    """`members` are unfitted estimators, one per weight; those of weight 0 are not fitted."""

    def __init__(
        self,
        members: Sequence[Any],
        weights: Sequence[float],
        combine: str = mixing.MEAN,
        bias: Sequence[float] = (),
        sharpness: float = 1.0,
    ) -> None:
        self.members = members
        self.weights = weights
        self.combine = combine
        self.bias = bias
        self.sharpness = sharpness

    def _fit(self, X: Any, y: Any) -> None:
        matrix = np.asarray(X)
        key = "" if FITTED.get() is None else joblib.hash((matrix, np.asarray(y)))
        self.members_ = [
            _fitted(member, matrix, y, key)
            for member, weight in zip(self.members, self.weights, strict=True)
            if weight
        ]

    @property
    def mix(self) -> Mix:
        """What is done with the predictions of the fitted members."""
        weights = tuple(float(weight) for weight in self.weights if weight)
        return Mix(weights, self.combine, tuple(float(one) for one in self.bias), float(self.sharpness))

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = all(get_tags(one).input_tags.allow_nan for one in self.members)
        return tags


class ClassifierBlend(ClassifierMixin, _Blend):  # type: ignore[misc]  # scikit-learn has no types
    """Mixes probabilities; its classes are those of its members, which all see the same target."""

    def fit(self, X: Any, y: Any) -> ClassifierBlend:  # scikit-learn's names
        self._fit(X, y)
        self.classes_ = self.members_[0].classes_
        return self

    def predict_proba(self, X: Any) -> Array:
        matrix = np.asarray(X)
        return mixing.probabilities([one.predict_proba(matrix) for one in self.members_], self.mix)

    def predict(self, X: Any) -> Array:
        found: Array = np.asarray(self.classes_)[self.predict_proba(X).argmax(axis=1)]
        return found


class RegressorBlend(RegressorMixin, _Blend):  # type: ignore[misc]  # scikit-learn has no types
    """Sums predictions by weight."""

    def fit(self, X: Any, y: Any) -> RegressorBlend:  # scikit-learn's names
        self._fit(X, y)
        return self

    def predict(self, X: Any) -> Array:
        matrix = np.asarray(X)
        return mixing.numbers(
            [np.asarray(one.predict(matrix), dtype=np.float64) for one in self.members_], self.mix
        )


def _fitted(member: Any, matrix: Array, target: Any, key: str) -> Any:
    known = FITTED.get()
    if known is None:
        return clone(member).fit(matrix, target)
    text = f"{type(member).__name__}:{json.dumps(member.get_params(), default=repr, sort_keys=True)}"
    name = f"{key}:{hashlib.sha256(text.encode()).hexdigest()}"
    if name not in known:
        known[name] = clone(member).fit(matrix, target)
    return known[name]
