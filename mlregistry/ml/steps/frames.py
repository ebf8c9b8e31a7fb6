"""A table as the steps hand it on, its reading from a raw frame, and the choice of its columns by name or type.

Columns are NumPy arrays in the one form of their kind, alike in training and serving: number and boolean float64
with NaN, text objects with None, time datetime64. A frame of pandas would cost a single row ten times as much.
"""

from __future__ import annotations

from typing import Any, Self

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.base import BaseEstimator, TransformerMixin

MISSING = "(missing)"
TYPES_OF_KINDS = {"number": "numeric", "boolean": "boolean", "time": "datetime"}
LENGTH_OF_TEXT = 4  # strings with more words on average are text, others categories
N_LOOKED_AT = 1000
Values = npt.NDArray[Any]


class Table:
    """Columns by name, each with its kind: number, boolean, text or time."""

    __slots__ = ("index", "kinds", "values")

    def __init__(self, values: dict[str, Values], kinds: dict[str, str], index: Any) -> None:
        self.values = values
        self.kinds = kinds
        self.index = index

    def __len__(self) -> int:
        return len(self.index)

    @property
    def columns(self) -> list[str]:
        return list(self.values)

    def only(self, names: list[str]) -> Table:
        """These columns in this order."""
        values, kinds = self.values, self.kinds
        return Table(
            {name: values[name] for name in names}, {name: kinds[name] for name in names}, self.index
        )

    def using(self, names: list[str], values: dict[str, Values], kinds: dict[str, str]) -> Table:
        """The columns `names`: those given, the others from here."""
        return Table(
            {name: values[name] if name in values else self.values[name] for name in names},
            {name: kinds[name] if name in kinds else self.kinds[name] for name in names},
            self.index,
        )

    def frame(self) -> pd.DataFrame:
        """For people and other libraries."""
        data: dict[str, Any] = {}
        for name, values in self.values.items():
            if self.kinds[name] == "boolean":
                data[name] = pd.array(
                    [None if gap else bool(v) for v, gap in zip(values, gaps_of(values))], "boolean"
                )
            else:
                data[name] = (
                    pd.Series(values, index=self.index, dtype=object) if values.dtype == object else values
                )
        return pd.DataFrame(data, index=self.index)


class TableStep(TransformerMixin, BaseEstimator, auto_wrap_output_keys=None):  # type: ignore[misc,call-arg]  # scikit-learn has no types
    """A step from table to table; `sources_` tells for each column it makes the columns it read."""

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "feature_names_in_")

    def get_feature_names_out(self, input_features: Any = None) -> Values:
        return np.array(self.names_out_, dtype=object)

    def _remember(self, X: Any, names_out: list[str], sources: dict[str, list[str]]) -> Self:
        self.feature_names_in_ = np.array(list(X.columns), dtype=object)
        self.n_features_in_ = len(X.columns)
        self.names_out_ = names_out
        self.sources_ = sources
        return self


class ReadColumns(TableStep):
    """The columns of a raw frame in the form of their kind, which the training rows decide."""

    def fit(self, X: pd.DataFrame, y: Any = None) -> Self:
        names = [str(name) for name in X.columns]
        self.kinds_ = {name: raw_kind(X.iloc[:, place]) for place, name in enumerate(names)}
        return self._remember(X, names, {})

    def transform(self, X: pd.DataFrame) -> Table:
        names = self.names_out_
        kinds = {name: self.kinds_[name] for name in names}
        return Table({name: _read_column(X[name], kinds[name]) for name in names}, kinds, X.index)


def raw_kind(column: pd.Series[Any]) -> str:
    """number, boolean, time or text, by dtype (objects by their values)."""
    if pd.api.types.is_bool_dtype(column):
        return "boolean"
    if pd.api.types.is_numeric_dtype(column):
        return "number"
    if pd.api.types.is_datetime64_any_dtype(column):
        return "time"
    inferred = pd.api.types.infer_dtype(column, skipna=True)
    known = {"boolean": "boolean", "integer": "number", "floating": "number", "mixed-integer-float": "number"}
    return known.get(inferred, "text")


def _read_column(column: pd.Series[Any], kind: str) -> Values:
    if kind in ("number", "boolean"):
        return column.to_numpy(dtype=np.float64, na_value=np.nan)
    if kind == "time":
        times = column if column.dtype.kind == "M" else pd.to_datetime(column)
        if getattr(times.dtype, "tz", None) is not None:
            times = times.dt.tz_convert("UTC").dt.tz_localize(None)
        return times.to_numpy("datetime64[us]")
    gaps, values = column.isna().to_numpy(dtype=bool), column.to_numpy(dtype=object).copy()
    if pd.api.types.infer_dtype(column, skipna=True) not in ("string", "empty"):
        values[~gaps] = [value if isinstance(value, str) else str(value) for value in values[~gaps]]
    values[gaps] = None
    return values


def objects(values: list[Any]) -> Values:
    """One column of text."""
    made = np.empty(len(values), dtype=object)
    made[:] = values
    return made


def gaps_of(values: Values) -> npt.NDArray[np.bool_]:
    """Where a column is missing."""
    if values.dtype.kind == "O":
        return np.asarray(pd.isna(values), dtype=bool)
    return np.isnat(values) if values.dtype.kind == "M" else np.isnan(values)


def selector_type(values: Values, kind: str) -> str:
    """numeric, boolean, datetime, or for texts: text with many words, categorical otherwise."""
    if kind != "text":
        return TYPES_OF_KINDS[kind]
    known = [value for value in values.tolist() if value is not None][:N_LOOKED_AT]
    n_words = sum(value.count(" ") + 1 for value in known)
    return "text" if known and n_words > LENGTH_OF_TEXT * len(known) else "categorical"


def choose(X: Table, columns: Any) -> list[str]:
    """The columns that a list of names or {"type": …, "except": […]} means; a type in the order of the table."""
    if isinstance(columns, list | tuple):
        missing = [name for name in columns if name not in X.values]
        if missing:
            raise ValueError(f"there is no column '{missing[0]}' at this step")
        return list(columns)
    wanted, left_out = columns["type"], set(columns.get("except") or ())
    kept = [name for name in X.values if name not in left_out]
    if wanted == "all":
        return kept
    types = {wanted} if isinstance(wanted, str) else set(wanted)
    return [name for name in kept if selector_type(X.values[name], X.kinds[name]) in types]


def as_numbers(X: Table, names: list[str]) -> npt.NDArray[np.float64]:
    """The columns as one float64 matrix, missing as NaN; ValueError names a column of text or times."""
    for name in names:
        if X.kinds[name] not in ("number", "boolean"):
            raise ValueError(f"column '{name}' holds no numbers")
    made = np.empty((len(X), len(names)))
    for place, name in enumerate(names):
        made[:, place] = X.values[name]
    return made


def as_text(X: Table, names: list[str], missing: str | None = MISSING) -> Values:
    """The columns as text, whole numbers without a point; gaps become `missing`."""
    made = np.empty((len(X), len(names)), dtype=object)
    for place, name in enumerate(names):
        made[:, place] = written_column(X.values[name], X.kinds[name], missing)
    return made


def written_column(values: Values, kind: str, missing: str | None) -> list[str | None]:
    """Each value as text."""
    if kind == "text":
        filled = values.copy()
        filled[gaps_of(values)] = missing
        return list(filled.tolist())
    gaps = gaps_of(values).tolist()
    return [
        missing if gap else _written(value, kind) for value, gap in zip(values.tolist(), gaps, strict=True)
    ]


def _written(value: Any, kind: str) -> str:
    if kind == "boolean":
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
        return str(int(value))
    return str(value)


def unique(wanted: list[str], taken: set[str]) -> list[str]:
    """The names, those that are taken with a number behind them."""
    names = []
    for name in wanted:
        free, number = name, 2
        while free in taken:
            free, number = f"{name} {number}", number + 1
        taken.add(free)
        names.append(free)
    return names


def numbered_columns(matrix: Any, names: list[str]) -> tuple[dict[str, Values], dict[str, str]]:
    """The columns of a matrix of numbers, and their kinds."""
    values = np.asarray(matrix, dtype=np.float64)
    return {name: values[:, place] for place, name in enumerate(names)}, dict.fromkeys(names, "number")
