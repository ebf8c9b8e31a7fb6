"""The last step before the estimator: a table of numbers as one matrix, or a clear word about what is none."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
import numpy.typing as npt

from mlregistry.ml.steps.frames import Table, TableStep, as_numbers


class NothingLeft(ValueError):
    """No column reaches the estimator."""


class FinalMatrix(TableStep):
    """float64 without infinities. A gap where the training rows had none takes their median, unless `gaps` are allowed.

    Gaps that the training rows have too are an error then: a step must fill them.
    """

    def __init__(self, gaps: bool = False) -> None:
        self.gaps = gaps

    def fit(self, X: Table, y: Any = None) -> Self:
        if not X.columns:
            raise NothingLeft("no column is left after the last step")
        for name in X.columns:
            kind = X.kinds[name]
            if kind not in ("number", "boolean"):
                what = "text" if kind == "text" else "times"
                step = "an encode or text step" if kind == "text" else "a dates step"
                raise ValueError(
                    f"column '{name}' still holds {what} after the last step; add {step}, or drop it"
                )
        values = self._values(X)
        gaps = np.isnan(values).any(axis=0)
        if not self.gaps and bool(gaps.any()):
            name = X.columns[int(np.argmax(gaps))]
            raise ValueError(
                f"column '{name}' still has missing values after the last step; add an impute step"
            )
        self.medians_ = (
            np.median(values, axis=0) if len(values) and not self.gaps else np.zeros(values.shape[1])
        )
        return self._remember(X, list(X.columns), {})

    def transform(self, X: Table) -> npt.NDArray[np.float64]:
        values = self._values(X)
        return values if self.gaps else np.where(np.isnan(values), self.medians_, values)

    def _values(self, X: Table) -> npt.NDArray[np.float64]:
        values = as_numbers(X, X.columns)
        return np.where(np.isfinite(values), values, np.nan)
