"""A new column by a formula: the walk over its tree, column by column, with NumPy.

Numbers are float64; a result that is not finite is missing. True, false and missing follow Kleene's logic.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import pandas as pd

from mlregistry.errors import Invalid
from mlregistry.lib.formulas.parser import parse
from mlregistry.lib.formulas.trees import Tree, columns_of
from mlregistry.lib.formulas.types import check
from mlregistry.ml.steps.frames import Table, TableStep, Values, gaps_of, objects


class FormulaColumn(TableStep):
    """The frame with the column `name`, which is `formula` in every row; one of that name is replaced."""

    def __init__(self, name: str, formula: str) -> None:
        self.name = name
        self.formula = formula

    def fit(self, X: Table, y: Any = None) -> Self:
        self.tree_ = parse(self.formula)
        self.columns_ = columns_of(self.tree_)
        missing = [name for name in self.columns_ if name not in X.values]
        if missing:
            raise Invalid(f"There is no column '{missing[0][:100]}' at this step.", field="formula")
        self.kind_ = check(self.tree_, X.kinds)
        names = list(X.columns) + ([] if self.name in X.values else [self.name])
        return self._remember(X, names, {self.name: self.columns_})

    def transform(self, X: Table) -> Table:
        values = evaluate(self.tree_, X)
        return X.using(self.names_out_, {self.name: as_kind(values, self.kind_)}, {self.name: self.kind_})


def evaluate(tree: Tree, X: Table) -> Values:
    """One value per row of a tree that was checked: float64 (booleans as 1, 0, NaN), object or datetime64."""
    kind = tree[0]
    if kind == "column":
        values = X.values[tree[1]]
        return finite(values) if values.dtype.kind == "f" else values
    if kind == "null":
        return np.full(len(X), np.nan)
    if kind == "text":
        return np.full(len(X), tree[1], dtype=object)
    if kind != "call":
        return np.full(len(X), float(tree[1]))
    with np.errstate(all="ignore"):
        return CALLS[tree[1]](*(evaluate(part, X) for part in tree[2:]))


def finite(values: Values) -> Values:
    """Without infinities: they are missing."""
    return np.where(np.isfinite(values), values, np.nan)


def as_kind(values: Values, kind: str) -> Values:
    """What may be all missing numbers (null) as missing of the kind that is wanted."""
    if kind == "text" and values.dtype.kind != "O":
        return objects([None] * len(values))
    if kind == "time" and values.dtype.kind != "M":
        return np.full(len(values), np.datetime64("NaT", "us"))
    return values


def _alike_values(*given: Values) -> list[Values]:
    kinds = {values.dtype.kind for values in given}
    kind = "text" if "O" in kinds else "time" if "M" in kinds else "number"
    return [as_kind(values, kind) for values in given]


def _arithmetic(function: Callable[..., Any]) -> Callable[..., Values]:
    return lambda *given: finite(function(*given))


def _comparison_of(function: Callable[[Any, Any], Any]) -> Callable[..., Values]:
    def compare(left: Values, right: Values) -> Values:
        left, right = _alike_values(left, right)
        gaps = gaps_of(left) | gaps_of(right)
        made = np.full(len(left), np.nan)
        made[~gaps] = np.asarray(function(left[~gaps], right[~gaps]), dtype=np.float64)
        return made

    return compare


def _and(left: Values, right: Values) -> Values:
    known = np.where(np.isnan(left) | np.isnan(right), np.nan, 1.0)
    return np.where(_false(left) | _false(right), 0.0, known)


def _or(left: Values, right: Values) -> Values:
    known = np.where(np.isnan(left) | np.isnan(right), np.nan, 0.0)
    return np.where(_true(left) | _true(right), 1.0, known)


def _true(values: Values) -> npt.NDArray[np.bool_]:
    return np.asarray((values != 0) & ~np.isnan(values))


def _false(values: Values) -> npt.NDArray[np.bool_]:
    return np.asarray(values == 0)


def _not(values: Values) -> Values:
    return np.where(np.isnan(values), np.nan, np.where(values == 0, 1.0, 0.0))


def _if(condition: Values, then: Values, otherwise: Values) -> Values:
    then, otherwise = _alike_values(then, otherwise)
    return np.where(_true(condition), then, otherwise)


def _coalesce(*given: Values) -> Values:
    first, *rest = _alike_values(*given)
    for values in rest:
        first = np.where(gaps_of(first), values, first)
    return first


def _least(*given: Values) -> Values:
    return np.asarray(np.minimum.reduce(given))


def _greatest(*given: Values) -> Values:
    return np.asarray(np.maximum.reduce(given))


def _clip(values: Values, low: Values, high: Values) -> Values:
    return np.asarray(np.minimum(np.maximum(values, low), high))


def _per_text(function: Callable[..., Any], kind: str) -> Callable[..., Values]:
    """A function of texts, row by row; missing where one of them is."""

    def apply(*given: Values) -> Values:
        rows = zip(*(as_kind(values, "text").tolist() for values in given), strict=True)
        made = [None if None in row else function(*row) for row in rows]
        return objects(made) if kind == "text" else np.array(made, dtype=np.float64)

    return apply


def _date(text: str) -> Any:
    try:
        return pd.Timestamp(text).tz_localize(None).as_unit("us").to_datetime64()
    except (ValueError, OverflowError) as error:
        raise Invalid(f"'{text[:40]}' is no time; write one such as 2024-01-31.", field="formula") from error


def _dates(texts: Values) -> Values:
    known = {text: _date(text) for text in set(texts.tolist())}
    return np.array([known[text] for text in texts.tolist()], dtype="datetime64[us]")


def _days_between(start: Values, end: Values) -> Values:
    days = (as_kind(end, "time") - as_kind(start, "time")) / np.timedelta64(1, "D")
    return np.asarray(days, dtype=np.float64)


def _calendar(attribute: str) -> Callable[[Values], Values]:
    def part(times: Values) -> Values:
        found = getattr(pd.DatetimeIndex(as_kind(times, "time")), attribute)
        return np.asarray(found, dtype=np.float64)

    return part


CALLS: dict[str, Callable[..., Values]] = {
    "+": _arithmetic(np.add),
    "-": _arithmetic(np.subtract),
    "*": _arithmetic(np.multiply),
    "/": _arithmetic(np.divide),
    "%": _arithmetic(np.mod),
    "**": _arithmetic(np.float_power),
    "negative": np.negative,
    "==": _comparison_of(lambda left, right: left == right),
    "!=": _comparison_of(lambda left, right: left != right),
    "<": _comparison_of(lambda left, right: left < right),
    "<=": _comparison_of(lambda left, right: left <= right),
    ">": _comparison_of(lambda left, right: left > right),
    ">=": _comparison_of(lambda left, right: left >= right),
    "and": _and,
    "or": _or,
    "not": _not,
    "if": _if,
    "isnull": lambda values: gaps_of(values).astype(np.float64),
    "coalesce": _coalesce,
    "abs": np.abs,
    "log": _arithmetic(np.log),
    "log1p": _arithmetic(np.log1p),
    "exp": _arithmetic(np.exp),
    "sqrt": _arithmetic(np.sqrt),
    "round": np.rint,
    "floor": np.floor,
    "ceil": np.ceil,
    "sign": np.sign,
    "min": _least,
    "max": _greatest,
    "clip": _clip,
    "lower": _per_text(str.lower, "text"),
    "upper": _per_text(str.upper, "text"),
    "trim": _per_text(str.strip, "text"),
    "len": _per_text(len, "number"),
    "contains": _per_text(lambda text, piece: piece in text, "boolean"),
    "starts_with": _per_text(lambda text, piece: text.startswith(piece), "boolean"),
    "date": _dates,
    "days_between": _days_between,
    "year": _calendar("year"),
    "quarter": _calendar("quarter"),
    "month": _calendar("month"),
    "day": _calendar("day"),
    "weekday": _calendar("day_of_week"),
    "hour": _calendar("hour"),
}
