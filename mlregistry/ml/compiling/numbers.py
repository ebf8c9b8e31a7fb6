"""Operations from numbers to numbers: scaling, filling, bins, powers, products, as the native transformers do them."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from scipy.special import boxcox, ndtri

from mlregistry.ml.compiling.forms import Array, Form, Refused, Run, need

NEXT_TO_NOTHING = float(np.float32(1e-35))
EPS = float(np.finfo(np.float64).eps)
CLIPPED = 1e-7  # a distance that QuantileTransformer keeps from 0 and 1


def shift_scale(form: Form, parts: list[Run]) -> Run:
    """(values − minus) / over × times + plus, of which a form has some, in this order."""
    steps = [
        (function, form.floats(name, ndim=1))
        for name, function in (
            ("minus", np.subtract), ("over", np.divide), ("times", np.multiply), ("plus", np.add),
        )
        if name in form.arrays
    ]  # fmt: skip

    def run(values: Array) -> Array:
        for function, operand in steps:
            values = function(values, operand)
        return values

    return run


def clip(form: Form, parts: list[Run]) -> Run:
    low, high = (form.floats(name, ndim=1, finite=False) for name in ("low", "high"))
    return lambda values: np.minimum(np.maximum(values, low), high)


def fill(form: Form, parts: list[Run]) -> Run:
    """Gaps become the column's filling."""
    fills = form.floats("fills", ndim=1, finite=False)
    return lambda values: np.where(np.isnan(values), fills, values)


def gaps(form: Form, parts: list[Run]) -> Run:
    return lambda values: np.isnan(values).astype(np.float64)


def zeroed(form: Form, parts: list[Run]) -> Run:
    """What is next to nothing becomes 0, as LightGBM reads its rows."""
    return lambda values: np.where(np.abs(values) <= NEXT_TO_NOTHING, 0.0, values)


def whole(form: Form, parts: list[Run]) -> Run:
    """The values as they are; Refused for a gap in one of the columns."""
    places = form.places("places", below=int(form.options["width"])).astype(np.int64)

    def run(values: Array) -> Array:
        if np.isnan(values[:, places]).any():
            raise Refused
        return values

    return run


def take(form: Form, parts: list[Run]) -> Run:
    """Columns by their places."""
    width = int(form.options["width"])
    places = form.places("places", below=width).astype(np.int64)

    def run(values: Array) -> Array:
        if values.shape[1] != width:
            raise Refused
        return values.take(places, axis=1)

    return run


def final(form: Form, parts: list[Run]) -> Run:
    """What is not finite becomes the column's median, or NaN where gaps may stay."""
    medians = form.floats("medians", ndim=1)
    stay = bool(form.options["gaps"])

    def run(values: Array) -> Array:
        if math.isfinite(np.add.reduce(values, axis=None)):
            return values
        return np.where(np.isfinite(values), values, np.nan if stay else medians)

    return run


def bins(form: Form, parts: list[Run]) -> Run:
    """The number of edges at or below each value; NaN stays. `edges` of all columns lie one behind the other."""
    edges, ends = form.floats("edges", ndim=1, finite=False), form.arrays["ends"]
    need(ends.dtype.kind in "iu" and ends.ndim == 1 and bool((np.diff(ends) >= 0).all()), form)
    need(len(ends) == 0 or (int(ends[0]) >= 0 and int(ends[-1]) == len(edges)), form)
    columns = np.split(edges, ends[:-1])

    def run(values: Array) -> Array:
        made = np.empty(values.shape)
        for place, column in enumerate(columns):
            made[:, place] = np.searchsorted(column, values[:, place], side="right")
        return np.where(np.isnan(values), np.nan, made)

    return run


def spread(form: Form, parts: list[Run]) -> Run:
    """Codes from 0 as one column each; `widths` tells how many each column has."""
    widths = form.places("widths", below=2**31)
    starts = np.concatenate([[0], np.cumsum(widths)]).astype(np.int64)

    def run(values: Array) -> Array:
        codes = values.astype(np.int64)
        if (codes < 0).any() or (codes >= widths).any():
            raise Refused
        made = np.zeros((len(values), int(starts[-1])))
        made[np.arange(len(values))[:, None], codes + starts[:-1]] = 1.0
        return made

    return run


def products(form: Form, parts: list[Run]) -> Run:
    """Each output is a product of columns, from left to right; the place behind the last column means 1."""
    width = int(form.options["width"])
    flat = form.places("factors", below=width + 1).astype(np.int64)
    degree = int(form.options["degree"])
    need(degree >= 1 and len(flat) % degree == 0, form)
    factors = flat.reshape(-1, degree).T

    def run(values: Array) -> Array:
        if values.shape[1] != width:
            raise Refused
        with_one = np.concatenate([values, np.ones((len(values), 1))], axis=1)
        made: Array = with_one.take(factors[0], axis=1)
        for places in factors[1:]:
            made = made * with_one.take(places, axis=1)
        return made

    return run


def power(form: Form, parts: list[Run]) -> Run:
    """The transformations of Yeo and Johnson (2000) or Box and Cox (1964), column by column."""
    powers = form.floats("powers", ndim=1)
    if form.options["method"] == "yeo_johnson":
        return lambda values: np.column_stack(
            [_even_power(values[:, i], one) for i, one in enumerate(powers.tolist())]
        )

    def run(values: Array) -> Array:
        if (values <= 0).any():
            raise Refused
        return np.asarray(boxcox(values, powers))

    return run


def _even_power(values: Array, power: float) -> Array:
    with np.errstate(all="ignore"):
        upper, lower = np.log1p(np.maximum(values, 0.0)), np.log1p(np.maximum(-values, 0.0))
        if abs(power) >= EPS:
            upper = np.expm1(power * upper) / power
        lower = np.expm1((2 - power) * lower) / (2 - power) if abs(power - 2) > EPS else lower
    return np.where(np.isnan(values), np.nan, np.where(values >= 0, upper, -lower))


def quantiles(form: Form, parts: list[Run]) -> Run:
    """The share of the training rows below a value, interpolated from both sides where values repeat."""
    references, table = form.floats("references", ndim=1), form.floats("quantiles", ndim=2)
    need(len(references) == len(table) > 0, form)
    normal = bool(form.options["normal"])
    low, high = ndtri(CLIPPED - np.spacing(1)), ndtri(1 - (CLIPPED - np.spacing(1)))
    turned, mirrored = table[::-1], -references[::-1]

    def column(values: Array, place: int) -> Array:
        known, falling = table[:, place], -turned[:, place]
        made: Array = 0.5 * (np.interp(values, known, references) - np.interp(-values, falling, mirrored))
        is_low, is_high = values == known[0], values == known[-1]
        if normal:
            is_low, is_high = values - CLIPPED < known[0], values + CLIPPED > known[-1]
        made[is_high], made[is_low] = 1.0, 0.0
        made[np.isnan(values)] = np.nan
        return np.clip(ndtri(made), low, high) if normal else made

    return lambda values: np.column_stack([column(values[:, i].copy(), i) for i in range(values.shape[1])])


def normalise(form: Form, parts: list[Run]) -> Run:
    norm = form.options["norm"]

    def run(values: Array) -> Array:
        if norm == "l1":
            length = np.abs(values).sum(axis=1)
        elif norm == "l2":
            length = np.sqrt(np.einsum("ij,ij->i", values, values))
        else:
            length = np.abs(values).max(axis=1)
        return values / np.where(length == 0.0, 1.0, length)[:, None]

    return run


def binarise(form: Form, parts: list[Run]) -> Run:
    threshold = float(form.options["threshold"])
    return lambda values: (values > threshold).astype(np.float64)


def interpolate(form: Form, parts: list[Run]) -> Run:
    """Straight lines between known points, the ends kept beyond them (isotonic calibration)."""
    x, y = form.floats("x", ndim=1), form.floats("y", ndim=1)
    need(len(x) == len(y) > 0 and bool((np.diff(x) >= 0).all()), form)
    outside = form.options["outside"]

    def run(values: Array) -> Array:
        if outside != "clip" and ((values < x[0]) | (values > x[-1])).any():
            raise Refused
        return _lines(np.clip(values, x[0], x[-1]), x, y) if len(x) > 1 else np.full(values.shape, y[0])

    return run


def _lines(values: Array, x: Array, y: Array) -> Array:
    high = np.clip(np.searchsorted(x, values), 1, len(x) - 1)
    low = high - 1
    found: Array = (y[high] - y[low]) / (x[high] - x[low]) * (values - x[low]) + y[low]
    return found


def log_odds(form: Form, parts: list[Run]) -> Run:
    edge = float(form.options["edge"])

    def run(values: Array) -> Array:
        inner = np.clip(values, edge, 1 - edge)
        found: Array = np.log(inner / (1 - inner))
        return found

    return run


def clipped_log(form: Form, parts: list[Run]) -> Run:
    """The logarithm of probabilities, none of them below an edge."""
    edge = float(form.options["edge"])
    need(0.0 < edge < 1.0, form)
    return lambda values: np.log(np.clip(values, edge, 1.0))


OPS: dict[str, Any] = {
    "shift_scale": shift_scale, "clip": clip, "fill": fill, "gaps": gaps, "take": take, "final": final, "bins": bins,
    "spread": spread, "products": products, "power": power, "quantiles": quantiles, "normalise": normalise,
    "binarise": binarise, "interpolate": interpolate, "log_odds": log_odds, "clipped_log": clipped_log,
    "whole": whole, "zeroed": zeroed,
}  # fmt: skip
