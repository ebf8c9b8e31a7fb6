"""A classifier whose rows weigh so that every class counts the same, for those without a class_weight of their own.

The catalogue makes it.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.utils import Tags, get_tags
from sklearn.utils.class_weight import compute_sample_weight

Array = npt.NDArray[Any]


class Balanced(ClassifierMixin, BaseEstimator):  # type: ignore[misc]  # scikit-learn has no types
    """Fits with weights of rows / (classes · rows of the class), as scikit-learn's class_weight="balanced"."""

    def __init__(self, classifier: Any) -> None:
        self.classifier = classifier

    def fit(self, X: Any, y: Any) -> Balanced:  # scikit-learn's names
        weights = compute_sample_weight("balanced", y)
        self.classifier_ = clone(self.classifier).fit(X, y, sample_weight=weights)
        self.classes_ = self.classifier_.classes_
        return self

    def predict(self, X: Any) -> Array:
        return np.asarray(self.classifier_.predict(X))

    def predict_proba(self, X: Any) -> Array:
        return np.asarray(self.classifier_.predict_proba(X))

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = get_tags(self.classifier).input_tags.allow_nan
        return tags
