"""The values of one column of one side, and two of them brought together. Called by tables and parquet_rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mlregistry.lib.lazily import lazily
from mlregistry.ml.drift.judging import Amounts, Column
from mlregistry.ml.drift.sides import LARGEST, Categories, Compared, RawNumbers

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

    from mlregistry.ml.drift.sides import Array, Floats
else:
    np, pd = lazily("numpy"), lazily("pandas")

MOST_CATEGORIES = 100_000  # of a side; the rarest of more are left out
FEW_FOR_TEXT = 1_000
OTHERS = "… others"
NUMERIC, CATEGORICAL, TEXT, DATETIME = "numeric", "categorical", "text", "datetime"


@dataclass(frozen=True)
class NumberValues:
    """Finite floats, in any order."""

    amounts: Amounts
    values: Floats
    is_whole: bool = False
    kind: str = NUMERIC


@dataclass(frozen=True)
class CategoryValues:
    """Rows per value; `n_other` are rows of values that are not listed."""

    amounts: Amounts
    counts: Mapping[str, int]
    n_other: int = 0

    @property
    def kind(self) -> str:
        """Values that nearly all differ are text."""
        n_values = sum(self.counts.values())
        return TEXT if self.n_other or len(self.counts) > max(FEW_FOR_TEXT, n_values / 2) else CATEGORICAL


@dataclass(frozen=True)
class OtherValues:
    """What is not compared, such as times: only whether it is there."""

    amounts: Amounts
    kind: str


Values = NumberValues | CategoryValues | OtherValues


def of_numbers(array: Array, n_missing: int = 0) -> NumberValues:
    """Of numbers; NaN counts as missing, what is beyond 1e140 as infinite."""
    values = array.astype(np.float64)
    is_whole = array.dtype.kind in "iu" and not n_missing
    there = ~np.isnan(values)
    finite = np.abs(values) <= LARGEST
    n_there, n_finite = int(there.sum()), int(finite.sum())
    amounts = Amounts(
        len(values) + n_missing, len(values) - n_there + n_missing, n_infinite=n_there - n_finite
    )
    return NumberValues(amounts, values if n_finite == len(values) else values[finite], is_whole)


def of_counts(counts: Mapping[str, int], n_missing: int, n_other: int = 0) -> CategoryValues:
    """Of categories; the most frequent ones if there are very many."""
    n = sum(counts.values())
    if len(counts) > MOST_CATEGORIES:
        ranked = sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))
        counts = dict(ranked[:MOST_CATEGORIES])
    left_out = n - sum(counts.values())
    return CategoryValues(Amounts(n + n_other + n_missing, n_missing), counts, n_other + left_out)


def together(name: str, reference: Values | None, current: Values | None) -> Column:
    """Both sides of a column; the reference's kind is that of both."""
    if reference is None or current is None:
        known = reference or current
        kind = known.kind if known else TEXT
        return Column(
            name, kind, reference.amounts if reference else None, current.amounts if current else None
        )
    current = _of_kind(current, reference.kind)
    compared, n_unseen = _compared(reference, current)
    return Column(name, reference.kind, reference.amounts, current.amounts, compared, n_unseen)


def _compared(reference: Values, current: Values) -> tuple[Compared | None, int | None]:
    if isinstance(reference, NumberValues) and isinstance(current, NumberValues):
        if not len(reference.values) or not len(current.values):
            return None, None
        whole = reference.is_whole and current.is_whole
        return RawNumbers.of(reference.values, current.values, is_whole=whole), None
    if isinstance(reference, CategoryValues) and isinstance(current, CategoryValues):
        if reference.kind == TEXT or not reference.counts or not current.counts:
            return None, None
        unseen = sum(n for label, n in current.counts.items() if label not in reference.counts)
        return _categories(reference.counts, current), unseen + current.n_other
    return None, None


def _categories(reference: Mapping[str, int], current: CategoryValues) -> Categories:
    labels = sorted({*reference, *current.counts})
    before = [reference.get(label, 0) for label in labels]
    now = [current.counts.get(label, 0) for label in labels]
    if current.n_other:
        labels, before, now = [*labels, OTHERS], [*before, 0], [*now, current.n_other]
    return Categories(tuple(labels), np.array(before, dtype=np.float64), np.array(now, dtype=np.float64))


def _of_kind(values: Values, kind: str) -> Values:
    """The window's values read as the baseline's kind: what cannot be is missing."""
    if values.kind == kind or (kind in (CATEGORICAL, TEXT) and isinstance(values, CategoryValues)):
        return values
    if kind == NUMERIC and isinstance(values, CategoryValues):
        labels = pd.to_numeric(pd.Series(list(values.counts), dtype="object"), errors="coerce")
        repeated = np.repeat(labels.to_numpy(np.float64), list(values.counts.values()))
        return of_numbers(repeated, values.amounts.n_missing)
    if kind == CATEGORICAL and isinstance(values, NumberValues):
        found, counts = np.unique(values.values, return_counts=True)
        texts = [_text(value) for value in found.tolist()]
        lost = values.amounts.n_missing + values.amounts.n_infinite
        return of_counts(dict(zip(texts, counts.tolist(), strict=True)), lost)
    return OtherValues(values.amounts, kind)


def _text(value: float) -> str:
    return str(int(value)) if value.is_integer() and abs(value) < 1e15 else str(value)


def of_array(values: Any) -> Values:
    """Of an array or series of any type; objects are read as text."""
    series = values if isinstance(values, pd.Series) else pd.Series(values)
    missing = series.isna()
    n_missing = int(missing.sum())
    kind = series.dtype.kind
    if kind == "M" or isinstance(series.dtype, pd.DatetimeTZDtype):
        return OtherValues(Amounts(len(series), n_missing), DATETIME)
    present = series[~missing] if n_missing else series
    if kind in "iuf":
        return of_numbers(present.to_numpy(), n_missing)
    return of_counts(merged(present.value_counts()), n_missing)


def merged(counts: pd.Series[int] | Mapping[Any, int]) -> dict[str, int]:
    """Values that read alike count as one."""
    found: dict[str, int] = {}
    for value, n in counts.items():
        text = label(value)
        found[text] = found.get(text, 0) + int(n)
    return found


def label(value: Any) -> str:
    """How a category is called: whole floats without their point, so that 1 and 1.0 are one."""
    if isinstance(value, bool | np.bool_):
        return "true" if value else "false"
    if isinstance(value, float):
        return _text(value)
    return value if isinstance(value, str) else str(value)
