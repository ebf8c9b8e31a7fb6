"""What the estimators around LightGBM and XGBoost share: the booster as bytes, classes as numbers, a scaled target.

A booster lives in the package's own memory; what is kept, written and copied is its native form as plain bytes, and
predictions come from what was read of them, before and after packaging alike.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.base import BaseEstimator
from sklearn.utils import Tags

Array = npt.NDArray[Any]
LOADED = "_loaded"


class Boosted(BaseEstimator):  # type: ignore[misc]  # scikit-learn has no types
    """Missing values are the package's own matter. One thread: the same bits whatever else the machine does."""

    model_: Array

    @property
    def booster_(self) -> Any:
        """The package's booster, read when it is first needed."""
        if LOADED not in self.__dict__:
            self.__dict__[LOADED] = self._read(self.model_.tobytes())
        return self.__dict__[LOADED]

    def _read(self, raw: bytes) -> Any:
        raise NotImplementedError

    def _keep(self, raw: bytes, n_features: int) -> None:
        self.__dict__.pop(LOADED, None)
        self.model_, self.n_features_in_ = np.frombuffer(raw, dtype=np.uint8).copy(), n_features

    def __getstate__(self) -> dict[str, Any]:
        state: dict[str, Any] = super().__getstate__()
        return {name: value for name, value in state.items() if name != LOADED}

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        return tags


def numbered(y: Any) -> tuple[Array, Array]:
    """The classes in order, and each row's number among them."""
    classes, numbers = np.unique(np.asarray(y), return_inverse=True)
    if len(classes) < 2:
        raise ValueError("The target has a single class.")
    return classes, numbers


def scaled(y: Any) -> tuple[Array, float, float]:
    """The target at mean 0 and deviation 1, with what it takes back: penalties then mean the same in every unit."""
    target = np.asarray(y, dtype=np.float64)
    center, scale = float(target.mean()), float(target.std()) or 1.0
    return (target - center) / scale, center, scale


def part_of(weights: Any, rows: Array) -> Array | None:
    return None if weights is None else np.asarray(weights, dtype=np.float64)[rows]
