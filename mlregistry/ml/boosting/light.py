"""LightGBM as estimators of the catalogue (Ke et al. 2017): leaf-wise trees on binned features."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.base import ClassifierMixin, RegressorMixin

from mlregistry.ml.boosting import packages
from mlregistry.ml.boosting.booster import Boosted, numbered, part_of, scaled
from mlregistry.ml.boosting.holding_out import parted

Array = npt.NDArray[Any]


class Light(Boosted):
    """Params have LightGBM's names and meanings."""

    def __init__(
        self,
        n_estimators: int = 200,
        learning_rate: float = 0.1,
        num_leaves: int = 31,
        max_depth: int | None = None,
        min_child_samples: int = 20,
        subsample: float = 1.0,
        colsample_bytree: float = 1.0,
        reg_alpha: float = 0.0,
        reg_lambda: float = 0.0,
        early_stopping_rounds: int | None = None,
        random_state: int = 0,
    ) -> None:
        self.n_estimators = n_estimators
        self.learning_rate = learning_rate
        self.num_leaves = num_leaves
        self.max_depth = max_depth
        self.min_child_samples = min_child_samples
        self.subsample = subsample
        self.colsample_bytree = colsample_bytree
        self.reg_alpha = reg_alpha
        self.reg_lambda = reg_lambda
        self.early_stopping_rounds = early_stopping_rounds
        self.random_state = random_state

    def _grow(
        self, X: Any, target: Array, weights: Any, objective: dict[str, Any], *, is_class: bool
    ) -> None:
        lightgbm = packages.load(packages.LIGHTGBM)
        matrix, asked = np.ascontiguousarray(X, dtype=np.float64), self._asked() | objective
        patience = self.early_stopping_rounds
        fitted, held = parted(target, patience, self.random_state, is_class=is_class)
        rows = lightgbm.Dataset(
            matrix[fitted], target[fitted], weight=part_of(weights, fitted), params=asked
        )  # fmt: skip
        watched = []
        if len(held):
            watched = [
                lightgbm.Dataset(
                    matrix[held], target[held], weight=part_of(weights, held), reference=rows, params=asked
                )
            ]
        stops = [lightgbm.early_stopping(patience, verbose=False)] if watched else []
        try:
            grown = lightgbm.train(asked, rows, self.n_estimators, valid_sets=watched, callbacks=stops)
        except lightgbm.basic.LightGBMError as error:
            raise ValueError(str(error)) from error
        best = grown.best_iteration if watched else -1
        self._keep(grown.model_to_string(num_iteration=best).encode(), matrix.shape[1])

    def _asked(self) -> dict[str, Any]:
        """LightGBM's params; with these the same seed gives the same trees."""
        return {
            "learning_rate": self.learning_rate, "num_leaves": self.num_leaves,
            "max_depth": -1 if self.max_depth is None else self.max_depth,
            "min_child_samples": self.min_child_samples, "subsample": self.subsample,
            "subsample_freq": 1 if self.subsample < 1.0 else 0, "colsample_bytree": self.colsample_bytree,
            "reg_alpha": self.reg_alpha, "reg_lambda": self.reg_lambda, "seed": int(self.random_state % 2**31),
            "deterministic": True, "force_col_wise": True, "num_threads": 1, "verbosity": -1,
        }  # fmt: skip

    def _read(self, raw: bytes) -> Any:
        return packages.load(packages.LIGHTGBM).Booster(model_str=raw.decode())

    def _predicted(self, X: Any) -> Array:
        matrix = np.ascontiguousarray(X, dtype=np.float64)
        return np.asarray(self.booster_.predict(matrix, num_threads=1), dtype=np.float64)


class LightClassifier(ClassifierMixin, Light):  # type: ignore[misc]  # scikit-learn has no types
    """Two classes by the logistic loss, more by softmax."""

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> LightClassifier:  # scikit-learn's names
        self.classes_, numbers = numbered(y)
        n = len(self.classes_)
        objective: dict[str, Any] = {"objective": "binary"}
        if n > 2:
            objective = {"objective": "multiclass", "num_class": n}
        self._grow(X, numbers, sample_weight, objective, is_class=True)
        return self

    def predict_proba(self, X: Any) -> Array:
        found = self._predicted(X)
        return np.column_stack([1.0 - found, found]) if found.ndim == 1 else found

    def predict(self, X: Any) -> Array:
        chosen: Array = self.classes_[self.predict_proba(X).argmax(axis=1)]
        return chosen


class LightRegressor(RegressorMixin, Light):  # type: ignore[misc]  # scikit-learn has no types
    """Squared error on the target at unit size; with `quantile` the pinball loss of that level."""

    def __init__(
        self,
        n_estimators: int = 200,
        learning_rate: float = 0.1,
        num_leaves: int = 31,
        max_depth: int | None = None,
        min_child_samples: int = 20,
        subsample: float = 1.0,
        colsample_bytree: float = 1.0,
        reg_alpha: float = 0.0,
        reg_lambda: float = 0.0,
        early_stopping_rounds: int | None = None,
        random_state: int = 0,
        quantile: float | None = None,
    ) -> None:
        super().__init__(
            n_estimators, learning_rate, num_leaves, max_depth, min_child_samples, subsample, colsample_bytree,
            reg_alpha, reg_lambda, early_stopping_rounds, random_state,
        )  # fmt: skip
        self.quantile = quantile

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> LightRegressor:  # scikit-learn's names
        target, self.center_, self.scale_ = scaled(y)
        asked: dict[str, Any] = {"objective": "regression"}
        if self.quantile is not None:
            asked = {"objective": "quantile", "alpha": self.quantile}
        self._grow(X, target, sample_weight, asked, is_class=False)
        return self

    def predict(self, X: Any) -> Array:
        found: Array = self._predicted(X) * self.scale_ + self.center_
        return found
