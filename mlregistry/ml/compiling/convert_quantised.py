"""The converter of networks in 8 bits: they are an ONNX graph already."""

from __future__ import annotations

from typing import Any

from mlregistry.ml.compiling.converting import PROBABILITIES, VALUES, Converter, only
from mlregistry.ml.compiling.forms import Form


def classifier(estimator: Any, wish: str) -> Form:
    only(wish, PROBABILITIES)
    found: Form = estimator.form()
    return found


def regressor(estimator: Any, wish: str) -> Form:
    only(wish, VALUES)
    found: Form = estimator.form()
    return found


TABLE: dict[str, Converter] = {"QuantisedClassifier": classifier, "QuantisedRegressor": regressor}
