"""A neural network whose weights are kept in 8 bits, as an ONNX graph with the face of a scikit-learn estimator.

Made by `quantising`; loaded and served as any other model, where onnxruntime is installed.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin

from mlregistry.ml.compiling.forms import Form, Refused
from mlregistry.ml.compiling.onnx_ops import onnx

Array = npt.NDArray[Any]


class _Quantised(BaseEstimator):  # type: ignore[misc]  # scikit-learn has no types
    """`graph` holds the bytes of the ONNX file. The session belongs to the process and is never stored."""

    output = 0

    def __init__(self, graph: Array, n_features_in_: int) -> None:
        self.graph = graph
        self.n_features_in_ = n_features_in_

    def fit(self, X: Any, y: Any) -> _Quantised:  # scikit-learn's names
        """It is made of a fitted network, and is none to fit."""
        raise TypeError("A network in 8 bits is made of a fitted one; fit that one.")

    def form(self) -> Form:
        """What the graph computes, as the compiler writes it."""
        options = {"precision": "float64", "output": self.output}
        return Form("onnx", options, {"graph": np.asarray(self.graph, dtype=np.uint8)})

    def __getstate__(self) -> dict[str, Any]:
        return {key: value for key, value in super().__getstate__().items() if key != "_run"}

    def _answer(self, X: Any) -> Array:
        if getattr(self, "_run", None) is None:
            self._run = onnx(self.form(), [])
        values = np.asarray(X, dtype=np.float64)
        if values.ndim != 2 or values.shape[1] != self.n_features_in_:
            raise ValueError(f"It takes rows of {self.n_features_in_} features.")
        try:
            found: Array = self._run(values)
        except Refused as error:
            raise ValueError("A feature is missing or infinite.") from error
        return found


class QuantisedClassifier(ClassifierMixin, _Quantised):  # type: ignore[misc]  # scikit-learn has no types
    """Its classes are those of the network it was made of."""

    output = 1

    def __init__(self, graph: Array, n_features_in_: int, classes_: Array) -> None:
        super().__init__(graph, n_features_in_)
        self.classes_ = classes_

    def predict_proba(self, X: Any) -> Array:
        return self._answer(X)

    def predict(self, X: Any) -> Array:
        found: Array = np.asarray(self.classes_)[self._answer(X).argmax(axis=1)]
        return found


class QuantisedRegressor(RegressorMixin, _Quantised):  # type: ignore[misc]  # scikit-learn has no types
    """One number per row."""

    def predict(self, X: Any) -> Array:
        return self._answer(X)[:, 0]
