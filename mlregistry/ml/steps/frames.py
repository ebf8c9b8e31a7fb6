"""Columns in the one form that every step works on, and the choice of columns by name or type.

Numbers are float64, booleans pandas' boolean, texts objects with None, times datetime64: alike in training and serving.
"""

from __future__ import annotations

from typing import Any, Self

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.base import BaseEstimator, TransformerMixin

MISSING = "(missing)"
TYPES = ("numeric", "boolean", "categorical", "text", "datetime")
WORDS_OF_TEXT = 4  # strings with more words on average are text, others categories
N_LOOKED_AT = 1000


class FrameStep(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """A step from frame to frame; `sources_` tells for each column it makes the columns it read."""

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "feature_names_in_")

    def get_feature_names_out(self, input_features: Any = None) -> npt.NDArray[Any]:
        return np.array(self.names_out_, dtype=object)

    def _remember(self, X: pd.DataFrame, names_out: list[str], sources: dict[str, list[str]]) -> Self:
        self.feature_names_in_ = np.array(X.columns, dtype=object)
        self.n_features_in_ = X.shape[1]
        self.names_out_ = names_out
        self.sources_ = sources
        return self


class ReadColumns(FrameStep):
    """The raw columns in the form of their type, which the training rows decide."""

    def fit(self, X: pd.DataFrame, y: Any = None) -> Self:
        names = [str(name) for name in X.columns]
        self.types_ = {name: raw_type(X.iloc[:, place]) for place, name in enumerate(names)}
        return self._remember(X.set_axis(names, axis=1), names, {})

    def transform(self, X: pd.DataFrame) -> pd.DataFrame:
        names = [name for name in self.names_out_ if name in X.columns]
        data = {name: _read(X[name], self.types_[name]) for name in names}
        return frame_of(data, X.index)


def frame_of(columns: dict[str, Any], index: Any) -> pd.DataFrame:
    """A frame of arrays in their form; texts stay objects."""
    data = {
        name: pd.Series(values, index=index, dtype=object, copy=False)
        if isinstance(values, np.ndarray) and values.dtype == object
        else values
        for name, values in columns.items()
    }
    return pd.DataFrame(data, index=index, copy=False)


def raw_type(column: pd.Series[Any]) -> str:
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


def _read(column: pd.Series[Any], type: str) -> Any:
    if type == "number":
        return column.to_numpy(dtype=np.float64, na_value=np.nan)
    if type == "boolean":
        return boolean_column(column.to_numpy(dtype=np.float64, na_value=np.nan))
    if type == "time":
        times = pd.to_datetime(column)
        return (times.dt.tz_convert("UTC").dt.tz_localize(None) if times.dt.tz else times).to_numpy("datetime64[us]")
    gaps = column.isna().to_numpy()
    values = np.empty(len(column), dtype=object)
    values[:] = [
        None if gap else value if isinstance(value, str) else str(value)
        for value, gap in zip(column.tolist(), gaps, strict=True)
    ]
    return values


def boolean_column(values: npt.NDArray[np.float64]) -> Any:
    """1, 0 and NaN as pandas' booleans."""
    gaps = np.isnan(values)
    return pd.arrays.BooleanArray(np.where(gaps, 0.0, values) != 0, gaps)


def column_kind(column: pd.Series[Any]) -> str:
    """number, boolean, time or text of a column in its form."""
    letter = column.dtype.kind
    if letter == "b":
        return "boolean"
    return {"M": "time", "O": "text"}.get(letter, "number")


def selector_type(column: pd.Series[Any]) -> str:
    """One of TYPES; strings of many words are text, others categorical."""
    kind = column_kind(column)
    if kind != "text":
        return {"number": "numeric", "boolean": "boolean", "time": "datetime"}[kind]
    known = [value for value in column.tolist() if value is not None][:N_LOOKED_AT]
    n_words = sum(value.count(" ") + 1 for value in known)
    return "text" if known and n_words > WORDS_OF_TEXT * len(known) else "categorical"


def choose(X: pd.DataFrame, columns: Any) -> list[str]:
    """The columns that a list of names or {"type": …, "except": […]} means, in the order of the frame."""
    names = list(X.columns)
    if isinstance(columns, list | tuple):
        missing = [name for name in columns if name not in names]
        if missing:
            raise ValueError(f"there is no column '{missing[0]}' at this step")
        return list(columns)
    wanted, left_out = columns["type"], set(columns.get("except") or ())
    kept = [name for name in names if name not in left_out]
    if wanted == "all":
        return kept
    types = {wanted} if isinstance(wanted, str) else set(wanted)
    return [name for name in kept if selector_type(X[name]) in types]


def as_numbers(X: pd.DataFrame, names: list[str]) -> npt.NDArray[np.float64]:
    """The columns as one float64 matrix, missing as NaN; ValueError names a column of text or times."""
    for name in names:
        if column_kind(X[name]) not in ("number", "boolean"):
            raise ValueError(f"column '{name}' holds no numbers")
    if not names:
        return np.empty((len(X), 0))
    return X[names].to_numpy(dtype=np.float64, na_value=np.nan)


def as_text(X: pd.DataFrame, names: list[str], missing: str | None = MISSING) -> npt.NDArray[Any]:
    """The columns as text, whole numbers without a point; gaps become `missing`."""
    values = np.empty((len(X), len(names)), dtype=object)
    for place, name in enumerate(names):
        column = X[name]
        gaps = column.isna().to_numpy()
        values[:, place] = [
            missing if gap else written(value) for value, gap in zip(column.tolist(), gaps, strict=True)
        ]
    return values


def written(value: Any) -> str:
    """One value as text."""
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
