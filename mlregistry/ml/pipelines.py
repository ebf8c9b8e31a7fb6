"""The type of a raw column, and the scikit-learn Pipeline of a recipe. Called by training and signature."""

from __future__ import annotations

from typing import Any

import pandas as pd
from sklearn.pipeline import Pipeline

from mlregistry.ml import estimators
from mlregistry.ml.adjusting import Adjusted
from mlregistry.ml.recipes import Recipe
from mlregistry.ml.steps import compiling
from mlregistry.ml.steps.catalogue import Making


def column_type(column: pd.Series[Any]) -> str:
    """integer, float, boolean, datetime or string, by dtype (objects by their values)."""
    if pd.api.types.is_bool_dtype(column):
        return "boolean"
    if pd.api.types.is_integer_dtype(column):
        return "integer"
    if pd.api.types.is_float_dtype(column):
        return "float"
    if pd.api.types.is_datetime64_any_dtype(column):
        return "datetime"
    inferred = pd.api.types.infer_dtype(column, skipna=True)
    return {
        "boolean": "boolean",
        "integer": "integer",
        "floating": "float",
        "mixed-integer-float": "float",
    }.get(inferred, "string")


def build(kind: str, recipe: Recipe) -> Pipeline:
    """An unfitted pipeline from a frame with the raw features to predictions."""
    estimator = estimators.make(kind, recipe.estimator, recipe.params, seed=recipe.seed)
    if recipe.adjusted:
        estimator = Adjusted(estimator)
    return compiling.pipeline(recipe.all_steps, Making(kind, recipe.seed), estimator)
