"""Times as numbers: parts of the calendar, days since 1970, and places on the circle of a year, week or day."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.base import BaseEstimator, TransformerMixin

from mlregistry.ml.steps.frames import Table

ATTRIBUTES = {
    "year": "year", "quarter": "quarter", "month": "month", "day": "day", "weekday": "day_of_week",
    "hour": "hour", "minute": "minute", "day_of_year": "day_of_year",
}  # fmt: skip
PERIODS = {"month": 12, "weekday": 7, "hour": 24, "day_of_year": 366, "minute": 60, "quarter": 4, "day": 31}
FIRST = {"month": 1, "day_of_year": 1, "quarter": 1, "day": 1}


class DateFeatures(TransformerMixin, BaseEstimator):  # type: ignore[misc]  # scikit-learn has no types
    """The parts of each time, missing as NaN; with `cyclic` a part that returns becomes its sine and cosine."""

    def __init__(self, parts: Any, cyclic: bool = False) -> None:
        self.parts = parts
        self.cyclic = cyclic

    def fit(self, X: Table, y: Any = None) -> Self:
        for name, kind in X.kinds.items():
            if kind != "time":
                raise ValueError(f"column '{name}' holds no times")
        self.n_features_in_ = len(X.columns)
        return self

    def transform(self, X: Table) -> npt.NDArray[np.float64]:
        blocks: list[Any] = []
        for values in X.values.values():
            times = pd.DatetimeIndex(values)
            for part in self.parts:
                blocks += self._block(times, part)
        return np.column_stack(blocks)

    def get_feature_names_out(self, input_features: Any = None) -> npt.NDArray[Any]:
        return np.array(
            [
                f"{name} {ending}"
                for name in input_features
                for part in self.parts
                for ending in self._endings(part)
            ],
            dtype=object,
        )

    def _circles(self, part: str) -> bool:
        return bool(self.cyclic) and part in PERIODS

    def _endings(self, part: str) -> list[str]:
        return [f"{part} sin", f"{part} cos"] if self._circles(part) else [part]

    def _block(self, times: pd.DatetimeIndex, part: str) -> list[npt.NDArray[np.float64]]:
        if part == "days":
            since = times.to_numpy("datetime64[us]") - np.datetime64(0, "us")
            return [np.asarray(since / np.timedelta64(1, "D"), dtype=np.float64)]
        values = np.asarray(getattr(times, ATTRIBUTES[part]), dtype=np.float64)
        if not self._circles(part):
            return [values]
        angle = 2 * np.pi * (values - FIRST.get(part, 0)) / PERIODS[part]
        return [np.sin(angle), np.cos(angle)]
