"""The transformers of ours in a trained pipeline: frame columns of any dtype become what scikit-learn takes.

They are part of saved models: renaming one breaks every model file.
"""

from __future__ import annotations

from typing import Any, Self

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.validation import check_is_fitted

MISSING = "(missing)"
ATTRIBUTES = ("year", "month", "day", "day_of_week", "hour")
PARTS = ("year", "month", "day", "weekday", "hour", "days")
DAY = np.timedelta64(1, "D")


class _Columns(TransformerMixin, BaseEstimator):  # type: ignore[misc]  # scikit-learn has no types
    def fit(self, X: pd.DataFrame, y: Any = None) -> Self:
        self.feature_names_in_ = np.array([str(column) for column in X.columns])
        self.n_features_in_ = X.shape[1]
        return self


class NumberColumns(_Columns):
    """Numbers and booleans as float64, missing as NaN."""

    def transform(self, X: pd.DataFrame) -> npt.NDArray[np.float64]:
        check_is_fitted(self, "n_features_in_")
        columns = [X.iloc[:, i].to_numpy(dtype=np.float64, na_value=np.nan) for i in range(X.shape[1])]
        return np.column_stack(columns)

    def get_feature_names_out(self, input_features: Any = None) -> npt.NDArray[Any]:
        return np.array(self.feature_names_in_, dtype=object)


class CategoryColumns(_Columns):
    """Text without gaps: missing becomes its own category, or the most frequent one of the training rows."""

    def __init__(self, missing: str = "constant") -> None:
        self.missing = missing

    def fit(self, X: pd.DataFrame, y: Any = None) -> Self:
        super().fit(X, y)
        self.fill_ = [self._fill(X.iloc[:, i]) for i in range(X.shape[1])]
        return self

    def transform(self, X: pd.DataFrame) -> npt.NDArray[Any]:
        check_is_fitted(self, "fill_")
        values = np.empty(X.shape, dtype=object)
        for i, fill in enumerate(self.fill_):
            column = X.iloc[:, i]
            values[:, i] = [
                fill if gap else str(value)
                for value, gap in zip(column.tolist(), column.isna().tolist(), strict=True)
            ]
        return values

    def get_feature_names_out(self, input_features: Any = None) -> npt.NDArray[Any]:
        return np.array(self.feature_names_in_, dtype=object)

    def _fill(self, column: pd.Series[Any]) -> str:
        counts = column.dropna().astype(str).value_counts()
        if self.missing == "constant" or counts.empty:
            return MISSING
        return min(str(value) for value in counts.index[counts == counts.iloc[0]])


class DateParts(_Columns):
    """Year, month, day, weekday, hour and days since 1970 of each time, missing as NaN."""

    def transform(self, X: pd.DataFrame) -> npt.NDArray[np.float64]:
        check_is_fitted(self, "n_features_in_")
        blocks = []
        for i in range(X.shape[1]):
            times = pd.to_datetime(X.iloc[:, i])
            parts = [
                getattr(times.dt, attribute).to_numpy(dtype=np.float64, na_value=np.nan)
                for attribute in ATTRIBUTES
            ]
            days = (times - pd.Timestamp(0)) / DAY
            blocks += [*parts, days.to_numpy(dtype=np.float64, na_value=np.nan)]
        return np.column_stack(blocks)

    def get_feature_names_out(self, input_features: Any = None) -> npt.NDArray[Any]:
        return np.array([f"{name} {part}" for name in self.feature_names_in_ for part in PARTS], dtype=object)
