"""From a checked step to its transformer; the catalogue names these functions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sklearn.experimental import enable_iterative_imputer  # noqa: F401  # its import switches the imputer on
from sklearn.impute import IterativeImputer, KNNImputer
from sklearn.preprocessing import (
    MinMaxScaler,
    OneHotEncoder,
    OrdinalEncoder,
    PolynomialFeatures,
    QuantileTransformer,
    RobustScaler,
    StandardScaler,
    TargetEncoder,
)

from mlregistry.ml.steps.applying import ApplyTo, ConvertColumns, DropColumns, DropUseless, KeepColumns
from mlregistry.ml.steps.catalogue import Columns, Making
from mlregistry.ml.steps.categories import FrequencyEncoder, HashEncoder, OrderEncoder
from mlregistry.ml.steps.formulas import FormulaColumn
from mlregistry.ml.steps.groups import GroupAggregates
from mlregistry.ml.steps.history import LagColumns, RollingColumns
from mlregistry.ml.steps.numbers import ClipOutliers, EvenPower, FillGaps, GivenEdges, LearntBins
from mlregistry.ml.steps.selectors import SELECTORS
from mlregistry.ml.steps.texts import TextFeatures
from mlregistry.ml.steps.times import DateFeatures

MOST_FACTORS = {2: 100, 3: 30}
MOST_ITERATED = 30  # each round fits a regression per column with gaps
Options = Mapping[str, Any]


def drop(columns: Columns, options: Options, for_: Making) -> Any:
    return DropColumns(columns)


def keep(columns: Columns, options: Options, for_: Making) -> Any:
    return KeepColumns(columns)


def drop_useless(columns: Columns, options: Options, for_: Making) -> Any:
    return DropUseless(columns, **options)


def convert(columns: Columns, options: Options, for_: Making) -> Any:
    return ConvertColumns(columns, options["to"], options["unit"])


def impute(columns: Columns, options: Options, for_: Making) -> Any:
    method, indicator = options["method"], options["indicator"]
    if method == "knn":
        imputer = KNNImputer(
            n_neighbors=options["neighbors"], add_indicator=indicator, keep_empty_features=True
        )
        return ApplyTo(imputer, columns)
    if method == "iterative":
        rounds = options["rounds"]
        imputer = IterativeImputer(
            max_iter=rounds, random_state=for_.seed, add_indicator=indicator, keep_empty_features=True
        )
        return ApplyTo(imputer, columns, most=MOST_ITERATED)
    return FillGaps(columns, method, options["fill"], indicator)


def clip(columns: Columns, options: Options, for_: Making) -> Any:
    return ApplyTo(ClipOutliers(**options), columns)


def scale(columns: Columns, options: Options, for_: Making) -> Any:
    scalers: dict[str, Any] = {
        "standard": StandardScaler(),
        "min_max": MinMaxScaler(),
        "robust": RobustScaler(),
        "quantile": QuantileTransformer(output_distribution=options["output"], random_state=for_.seed),
        "power": EvenPower(),
    }
    return ApplyTo(scalers[options["method"]], columns)


def bins(columns: Columns, options: Options, for_: Making) -> Any:
    method = options["method"]
    binner: Any = GivenEdges(options["edges"]) if method == "edges" else LearntBins(method, options["n_bins"])
    return ApplyTo(binner, columns, keep=options["keep"])


def encode(columns: Columns, options: Options, for_: Making) -> Any:
    encoders: dict[str, Any] = {
        "one_hot": OneHotEncoder(
            handle_unknown="infrequent_if_exist", max_categories=options["max_categories"], sparse_output=False
        ),
        "ordinal": OrderEncoder(options["order"])
        if options["order"]
        else OrdinalEncoder(
            handle_unknown="use_encoded_value", unknown_value=-1, max_categories=options["max_categories"]
        ),
        "label": OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1),
        "target": TargetEncoder(
            target_type="continuous" if for_.kind == "regression" else "auto", cv=options["folds"],
            random_state=for_.seed,
        ),
        "frequency": FrequencyEncoder(),
        "hash": HashEncoder(options["n_columns"]),
    }  # fmt: skip
    return ApplyTo(encoders[options["method"]], columns, "text")


def dates(columns: Columns, options: Options, for_: Making) -> Any:
    return ApplyTo(DateFeatures(options["parts"], options["cyclic"]), columns, "times", options["keep"])


def text(columns: Columns, options: Options, for_: Making) -> Any:
    return ApplyTo(TextFeatures(**options), columns, "text")


def polynomial(columns: Columns, options: Options, for_: Making) -> Any:
    degree = options["degree"]
    maker = PolynomialFeatures(degree, interaction_only=options["interactions_only"], include_bias=False)
    return ApplyTo(maker, columns, most=MOST_FACTORS[degree])


def formula(columns: Columns, options: Options, for_: Making) -> Any:
    return FormulaColumn(options["name"], options["formula"])


def aggregate(columns: Columns, options: Options, for_: Making) -> Any:
    return GroupAggregates(options["by"], columns, options["statistics"])


def lag(columns: Columns, options: Options, for_: Making) -> Any:
    return LagColumns(columns, **options)


def rolling(columns: Columns, options: Options, for_: Making) -> Any:
    return RollingColumns(columns, **options)


def select(columns: Columns, options: Options, for_: Making) -> Any:
    return ApplyTo(SELECTORS[options["method"]](options, for_.kind, for_.seed), columns)
