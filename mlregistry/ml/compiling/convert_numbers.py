"""Converters of transformers from numbers to numbers."""

from __future__ import annotations

from typing import Any

import numpy as np

from mlregistry.ml.compiling.converting import TRANSFORM, Converter, chain, convert, guarded, link, only
from mlregistry.ml.compiling.forms import Array, Form, Unsupported


def _floats(values: Any) -> Array:
    return np.asarray(values, dtype=np.float64)


def _shifted(**arrays: Any) -> Form:
    kept = {name: _floats(values) for name, values in arrays.items() if values is not None}
    return Form("shift_scale", arrays=kept) if kept else Form("same")


def standard(estimator: Any, wish: str) -> Form:
    only(wish, TRANSFORM)
    minus = estimator.mean_ if estimator.with_mean else None
    return guarded(
        _shifted(minus=minus, over=estimator.scale_ if estimator.with_std else None), allows="bounded"
    )


def min_max(estimator: Any, wish: str) -> Form:
    only(wish, TRANSFORM)
    moved = _shifted(times=estimator.scale_, plus=estimator.min_)
    if not estimator.clip:
        return guarded(moved, allows="bounded")
    low, high = estimator.feature_range
    n = len(estimator.scale_)
    clipped = Form("clip", arrays={"low": np.full(n, float(low)), "high": np.full(n, float(high))})
    return guarded(chain(moved, clipped), allows="bounded")


def max_abs(estimator: Any, wish: str) -> Form:
    only(wish, TRANSFORM)
    if getattr(estimator, "clip", False):
        raise Unsupported("clipping has no compiled form here")
    return guarded(_shifted(over=estimator.scale_), allows="bounded")


def robust(estimator: Any, wish: str) -> Form:
    only(wish, TRANSFORM)
    over = estimator.scale_ if estimator.with_scaling else None
    minus = estimator.center_ if estimator.with_centering else None
    return guarded(_shifted(minus=minus, over=over), allows="bounded")


def quantile(estimator: Any, wish: str) -> Form:
    only(wish, TRANSFORM)
    arrays = {"references": _floats(estimator.references_), "quantiles": _floats(estimator.quantiles_)}
    options = {"normal": estimator.output_distribution == "normal"}
    return guarded(Form("quantiles", options, arrays), allows="bounded")


def power(estimator: Any, wish: str) -> Form:
    only(wish, TRANSFORM)
    method = estimator.method.replace("-", "_")
    moved = Form("power", {"method": method}, {"powers": _floats(estimator.lambdas_)})
    scaled = convert(estimator._scaler, TRANSFORM) if estimator.standardize else Form("same")
    return guarded(chain(moved, scaled), allows="bounded")


def even_power(estimator: Any, wish: str) -> Form:
    """Ours: columns far from 0 are standardised before."""
    moved = _shifted(minus=estimator.shift_, over=estimator.width_)
    return chain(moved, convert(estimator.power_, wish))


def clip_outliers(estimator: Any, wish: str) -> Form:
    only(wish, TRANSFORM)
    bounds = estimator.bounds_
    return Form("clip", arrays={"low": bounds[:, 0].copy(), "high": bounds[:, 1].copy()})


def given_edges(estimator: Any, wish: str) -> Form:
    only(wish, TRANSFORM)
    return bins([_floats(estimator.edges)] * estimator.n_features_in_)


def learnt_bins(estimator: Any, wish: str) -> Form:
    only(wish, TRANSFORM)
    return bins([_floats(edges) for edges in estimator.edges_])


def bins(columns: list[Array]) -> Form:
    """Per column the edges that open a bin."""
    ends = np.cumsum([len(edges) for edges in columns]).astype(np.int32)
    return Form("bins", arrays={"edges": np.concatenate(columns), "ends": ends})


def discretizer(estimator: Any, wish: str) -> Form:
    only(wish, TRANSFORM)
    codes = guarded(bins([_floats(edges[1:-1]) for edges in estimator.bin_edges_]))
    if estimator.encode == "ordinal":
        return codes
    return chain(codes, Form("spread", arrays={"widths": estimator.n_bins_.astype(np.int32)}))


def polynomial(estimator: Any, wish: str) -> Form:
    """Products from left to right, as the native transformer multiplies them."""
    only(wish, TRANSFORM)
    powers = estimator.powers_
    width, degree = powers.shape[1], max(1, int(powers.sum(axis=1).max(initial=0)))
    factors = np.full((len(powers), degree), width)
    for row, exponents in enumerate(powers):
        places = np.repeat(np.arange(width), exponents)
        factors[row, : len(places)] = places
    options = {"width": width, "degree": degree}
    return guarded(Form("products", options, {"factors": factors.ravel().astype(np.int32)}))


def normalizer(estimator: Any, wish: str) -> Form:
    only(wish, TRANSFORM)
    return guarded(Form("normalise", {"norm": estimator.norm}))


def binarizer(estimator: Any, wish: str) -> Form:
    only(wish, TRANSFORM)
    return guarded(Form("binarise", {"threshold": float(estimator.threshold)}))


def imputer(estimator: Any, wish: str) -> Form:
    """Gaps become a statistic of their column; a column that was empty is left out, as there."""
    only(wish, TRANSFORM)
    fills = estimator.statistics_
    if fills.dtype.kind not in "fiu" or estimator.missing_values == estimator.missing_values:
        raise Unsupported("only NaN counts as missing in the compiled form")
    fills = _floats(fills)
    filled = Form("fill", arrays={"fills": fills})
    empty = np.isnan(fills)
    if empty.any() and not estimator.keep_empty_features:
        filled = chain(
            _taken(np.flatnonzero(~empty), len(fills)), Form("fill", arrays={"fills": fills[~empty]})
        )
    return guarded(_with_indicator(filled, estimator), allows="bounded")


def _with_indicator(filled: Form, estimator: Any) -> Form:
    marks = getattr(estimator, "indicator_", None)
    if marks is None:
        return filled
    return Form("side_by_side", parts=(filled, indicator(marks, TRANSFORM)))


def indicator(estimator: Any, wish: str) -> Form:
    only(wish, TRANSFORM)
    if estimator.missing_values == estimator.missing_values:
        raise Unsupported("only NaN counts as missing in the compiled form")
    marked = chain(_taken(estimator.features_, estimator._n_features), Form("gaps"))
    if estimator.error_on_new and estimator.features == "missing-only":
        others = np.setdiff1d(np.arange(estimator._n_features), estimator.features_).astype(np.int32)
        marked = chain(Form("whole", {"width": int(estimator._n_features)}, {"places": others}), marked)
    return guarded(marked, allows="bounded")


def _taken(places: Array, width: int) -> Form:
    return Form("take", {"width": int(width)}, {"places": np.asarray(places).astype(np.int32)})


def selector(estimator: Any, wish: str) -> Form:
    """The columns that a selector keeps."""
    only(wish, TRANSFORM)
    kept = np.asarray(estimator.get_support(), dtype=bool)
    allows = "bounded" if estimator.__sklearn_tags__().input_tags.allow_nan else "finite"
    return guarded(_taken(np.flatnonzero(kept), len(kept)), allows=allows)


def function(estimator: Any, wish: str) -> Form:
    only(wish, TRANSFORM)
    if estimator.func is None:
        return Form("same")
    name = FUNCTIONS.get(getattr(estimator.func, "__name__", ""))
    if name is None or estimator.kw_args or not isinstance(estimator.func, np.ufunc):
        raise Unsupported("a function of one's own has no compiled form")
    return link(name)


FUNCTIONS = {"log1p": "log1p", "expm1": "expm1", "sqrt": "sqrt", "exp": "exp", "log": "log", "abs": "abs"}
SELECTORS = (
    "VarianceThreshold", "SelectKBest", "SelectPercentile", "SelectFpr", "SelectFdr", "SelectFwe",
    "GenericUnivariateSelect", "SelectFromModel", "RFE", "RFECV", "SequentialFeatureSelector",
    "VarianceSelector", "CorrelationSelector", "EliminationSelector", "ForestSelector", "InformationSelector",
    "LassoSelector", "PermutationSelector",
)  # fmt: skip
TABLE: dict[str, Converter] = {
    **dict.fromkeys(SELECTORS, selector),
    "StandardScaler": standard, "MinMaxScaler": min_max, "MaxAbsScaler": max_abs, "RobustScaler": robust,
    "QuantileTransformer": quantile, "PowerTransformer": power, "EvenPower": even_power,
    "ClipOutliers": clip_outliers, "GivenEdges": given_edges, "LearntBins": learnt_bins,
    "KBinsDiscretizer": discretizer, "PolynomialFeatures": polynomial, "Normalizer": normalizer,
    "Binarizer": binarizer, "SimpleImputer": imputer, "MissingIndicator": indicator, "FunctionTransformer": function,
}  # fmt: skip
