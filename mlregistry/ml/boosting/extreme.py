"""XGBoost as estimators of the catalogue (Chen and Guestrin 2016): depth-wise trees with a second-order penalty.

Its scores are sums of 32-bit numbers; the link from scores to probabilities is taken here, in 64 bits.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.special import expit, softmax
from sklearn.base import ClassifierMixin, RegressorMixin

from mlregistry.ml.boosting import packages
from mlregistry.ml.boosting.booster import Boosted, numbered, part_of, scaled
from mlregistry.ml.boosting.holding_out import parted

Array = npt.NDArray[Any]
LARGEST = float(np.finfo(np.float32).max)


class Extreme(Boosted):
    """Params have XGBoost's names and meanings."""

    def __init__(
        self,
        n_estimators: int = 200,
        learning_rate: float = 0.1,
        max_depth: int = 6,
        min_child_weight: float = 1.0,
        subsample: float = 1.0,
        colsample_bytree: float = 1.0,
        gamma: float = 0.0,
        reg_alpha: float = 0.0,
        reg_lambda: float = 1.0,
        early_stopping_rounds: int | None = None,
        random_state: int = 0,
    ) -> None:
        self.n_estimators = n_estimators
        self.learning_rate = learning_rate
        self.max_depth = max_depth
        self.min_child_weight = min_child_weight
        self.subsample = subsample
        self.colsample_bytree = colsample_bytree
        self.gamma = gamma
        self.reg_alpha = reg_alpha
        self.reg_lambda = reg_lambda
        self.early_stopping_rounds = early_stopping_rounds
        self.random_state = random_state

    def _grow(
        self, X: Any, target: Array, weights: Any, objective: dict[str, Any], *, is_class: bool
    ) -> None:
        xgboost = packages.load(packages.XGBOOST)
        matrix, patience = singles(X), self.early_stopping_rounds
        fitted, held = parted(target, patience, self.random_state, is_class=is_class)

        def table(rows: Array) -> Any:
            return xgboost.DMatrix(
                matrix[rows], target[rows], weight=part_of(weights, rows), missing=np.nan, nthread=1
            )

        watched = [(table(held), "held")] if len(held) else []
        try:
            grown = xgboost.train(
                self._asked() | objective, table(fitted), self.n_estimators, evals=watched,
                early_stopping_rounds=patience if watched else None, verbose_eval=False,
            )  # fmt: skip
        except xgboost.core.XGBoostError as error:
            raise ValueError(str(error)) from error
        best = grown[: grown.best_iteration + 1] if watched else grown
        self._keep(bytes(best.save_raw("ubj")), matrix.shape[1])

    def _asked(self) -> dict[str, Any]:
        """XGBoost's params; with these the same seed gives the same trees."""
        return {
            "learning_rate": self.learning_rate, "max_depth": self.max_depth,
            "min_child_weight": self.min_child_weight, "subsample": self.subsample,
            "colsample_bytree": self.colsample_bytree, "gamma": self.gamma, "reg_alpha": self.reg_alpha,
            "reg_lambda": self.reg_lambda, "seed": int(self.random_state % 2**31), "tree_method": "hist",
            "nthread": 1, "verbosity": 0,
        }  # fmt: skip

    def _read(self, raw: bytes) -> Any:
        found = packages.load(packages.XGBOOST).Booster({"nthread": 1, "verbosity": 0})
        found.load_model(bytearray(raw))
        return found

    def _scores(self, X: Any) -> Array:
        """The sums of the leaves; of several classes one column each."""
        found = self.booster_.inplace_predict(singles(X), predict_type="margin", missing=np.nan)
        return np.asarray(found, dtype=np.float64)


class ExtremeClassifier(ClassifierMixin, Extreme):  # type: ignore[misc]  # scikit-learn has no types
    """Two classes by the logistic loss, more by softmax."""

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> ExtremeClassifier:  # scikit-learn's names
        self.classes_, numbers = numbered(y)
        n = len(self.classes_)
        objective: dict[str, Any] = {"objective": "binary:logistic"}
        if n > 2:
            objective = {"objective": "multi:softprob", "num_class": n}
        self._grow(X, numbers, sample_weight, objective, is_class=True)
        return self

    def predict_proba(self, X: Any) -> Array:
        scores = self._scores(X)
        if scores.ndim == 2:
            return np.asarray(softmax(scores, axis=1))
        second = expit(scores)
        return np.column_stack([1.0 - second, second])

    def predict(self, X: Any) -> Array:
        chosen: Array = self.classes_[self.predict_proba(X).argmax(axis=1)]
        return chosen


class ExtremeRegressor(RegressorMixin, Extreme):  # type: ignore[misc]  # scikit-learn has no types
    """Squared error on the target at unit size, so that 32 bits suffice."""

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> ExtremeRegressor:  # scikit-learn's names
        target, self.center_, self.scale_ = scaled(y)
        self._grow(X, target, sample_weight, {"objective": "reg:squarederror"}, is_class=False)
        return self

    def predict(self, X: Any) -> Array:
        found: Array = self._scores(X) * self.scale_ + self.center_
        return found


def singles(X: Any) -> Array:
    """The matrix as XGBoost compares it: in 32 bits, what is beyond them at their end."""
    matrix = np.clip(np.asarray(X, dtype=np.float64), -LARGEST, LARGEST)
    return np.ascontiguousarray(matrix, dtype=np.float32)
