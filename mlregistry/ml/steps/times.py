"""Times as numbers: parts of the calendar, days since 1970, and places on the circle of a year, week or day."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.base import BaseEstimator, TransformerMixin

ATTRIBUTES = {
    "year": "year", "quarter": "quarter", "month": "month", "day": "day", "weekday": "day_of_week",
    "hour": "hour", "minute": "minute", "day_of_year": "day_of_year",
}  # fmt: skip
PERIODS = {"month": 12, "weekday": 7, "hour": 24, "day_of_year": 366, "minute": 60, "quarter": 4, "day": 31}
FIRST = {"month": 1, "day_of_year": 1, "quarter": 1, "day": 1}


class DateFeatures(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """The parts of each time, missing as NaN; with `cyclic` a part that returns becomes its sine and cosine."""

    def __init__(self, parts: Any, cyclic: bool = False) -> None:
        self.parts = parts
        self.cyclic = cyclic

    def fit(self, X: pd.DataFrame, y: Any = None) -> Self:
        for name in X.columns:
            if X[name].dtype.kind != "M":
                raise ValueError(f"column '{name}' holds no times")
        self.n_features_in_ = X.shape[1]
        return self

    def transform(self, X: pd.DataFrame) -> npt.NDArray[np.float64]:
        blocks: list[Any] = []
        for place in range(X.shape[1]):
            times = X.iloc[:, place]
            for part in self.parts:
                blocks += self._block(times, part)
        return np.column_stack(blocks)

    def get_feature_names_out(self, input_features: Any = None) -> npt.NDArray[Any]:
        return np.array(
            [f"{name} {ending}" for name in input_features for part in self.parts for ending in self._endings(part)],
            dtype=object,
        )

    def _circles(self, part: str) -> bool:
        return bool(self.cyclic) and part in PERIODS

    def _endings(self, part: str) -> list[str]:
        return [f"{part} sin", f"{part} cos"] if self._circles(part) else [part]

    def _block(self, times: pd.Series[Any], part: str) -> list[npt.NDArray[np.float64]]:
        if part == "days":
            days = (times - pd.Timestamp(0)) / np.timedelta64(1, "D")
            return [days.to_numpy(dtype=np.float64, na_value=np.nan)]
        values = getattr(times.dt, ATTRIBUTES[part]).to_numpy(dtype=np.float64, na_value=np.nan)
        if not self._circles(part):
            return [values]
        angle = 2 * np.pi * (values - FIRST.get(part, 0)) / PERIODS[part]
        return [np.sin(angle), np.cos(angle)]
