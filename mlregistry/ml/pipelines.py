"""Builds one scikit-learn Pipeline from raw frame columns to predictions, by the recipe.

Called by training.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import MinMaxScaler, OneHotEncoder, OrdinalEncoder, RobustScaler, StandardScaler

from mlregistry.errors import Invalid
from mlregistry.ml import estimators
from mlregistry.ml.columns import CategoryColumns, DateParts, NumberColumns
from mlregistry.ml.problems import IDENTIFIER_ROWS, IDENTIFIER_SHARE
from mlregistry.ml.recipes import Preparation, Recipe

SCALERS: dict[str, Any] = {"standard": StandardScaler, "min_max": MinMaxScaler, "robust": RobustScaler}


@dataclass(frozen=True)
class ColumnPlan:
    """Which columns are used and how; `dropped` maps a column to the reason."""

    numbers: tuple[str, ...]
    categories: tuple[str, ...]
    times: tuple[str, ...]
    dropped: dict[str, str]

    @property
    def used(self) -> list[str]:
        return [*self.numbers, *self.categories, *self.times]


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


def plan_columns(frame: pd.DataFrame, features: Sequence[str], preparation: Preparation) -> ColumnPlan:
    """Sort the features by type in the training rows, without useless ones; Invalid if none is left."""
    groups: dict[str, list[str]] = {"numbers": [], "categories": [], "times": []}
    dropped: dict[str, str] = {}
    for name in features:
        column = frame[name]
        type = column_type(column)
        reason = _reason_to_drop(column, type, preparation)
        if reason:
            dropped[name] = reason
        else:
            groups[{"string": "categories", "datetime": "times"}.get(type, "numbers")].append(name)
    if not any(groups.values()):
        details = [f"Column '{name}' {reason}." for name, reason in dropped.items()]
        raise Invalid("No usable feature is left in the training rows.", field="features", details=details)
    return ColumnPlan(tuple(groups["numbers"]), tuple(groups["categories"]), tuple(groups["times"]), dropped)


def build(kind: str, recipe: Recipe, plan: ColumnPlan) -> Pipeline:
    """An unfitted pipeline from a frame with the planned columns to predictions."""
    preparation = recipe.preparation
    blocks: list[tuple[str, Any, list[str]]] = []
    if plan.numbers:
        blocks.append(("numbers", _numbers(NumberColumns(), preparation), list(plan.numbers)))
    if plan.categories:
        blocks.append(("categories", _categories(preparation), list(plan.categories)))
    if plan.times:
        blocks.append(("times", _numbers(DateParts(), preparation), list(plan.times)))
    columns = ColumnTransformer(
        blocks, remainder="drop", sparse_threshold=0.0, verbose_feature_names_out=False
    )
    estimator = estimators.make(kind, recipe.estimator, recipe.params, seed=recipe.seed)
    return Pipeline([("columns", columns), ("estimator", estimator)])


def _numbers(first: Any, preparation: Preparation) -> Pipeline:
    strategy = "constant" if preparation.missing_numbers == "zero" else preparation.missing_numbers
    imputer = SimpleImputer(
        strategy=strategy,
        fill_value=0.0,
        add_indicator=preparation.missing_indicator,
        keep_empty_features=True,
    )
    return Pipeline([("read", first), ("fill", imputer), *_scaling(preparation)])


def _categories(preparation: Preparation) -> Pipeline:
    encoder: Any
    if preparation.encoding == "one_hot":
        encoder = OneHotEncoder(
            handle_unknown="infrequent_if_exist",
            max_categories=preparation.max_categories,
            sparse_output=False,
        )
        scaling = []
    else:
        encoder = OrdinalEncoder(
            handle_unknown="use_encoded_value", unknown_value=-1, max_categories=preparation.max_categories
        )
        scaling = _scaling(preparation)
    return Pipeline(
        [("read", CategoryColumns(preparation.missing_categories)), ("encode", encoder), *scaling]
    )


def _scaling(preparation: Preparation) -> list[tuple[str, Any]]:
    return [("scale", SCALERS[preparation.scaling]())] if preparation.scaling in SCALERS else []


def _reason_to_drop(column: pd.Series[Any], type: str, preparation: Preparation) -> str | None:
    n_known = int(column.notna().sum())
    if n_known == 0:
        return "is empty"
    if type == "datetime" and preparation.datetimes == "drop":
        return "is a time"
    n_distinct = int(column.nunique(dropna=True))
    if preparation.drop_constant and n_distinct == 1:
        return "is constant"
    if preparation.drop_identifiers and type == "string" and n_known >= IDENTIFIER_ROWS:
        return "looks like an identifier" if n_distinct > IDENTIFIER_SHARE * n_known else None
    return None
