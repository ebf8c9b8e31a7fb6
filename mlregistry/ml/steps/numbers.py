"""Steps on numbers: filled gaps, clipped outliers, bins with given edges."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.base import BaseEstimator, OneToOneFeatureMixin, TransformerMixin

from mlregistry.ml.steps.applying import joined
from mlregistry.ml.steps.frames import MISSING, FrameStep, boolean_column, choose, column_kind, frame_of, unique


class FillGaps(FrameStep):
    """Missing values become the mean, median or mode of the training rows, or a constant.

    Texts and booleans have a mode or a constant only, times a mode or the median. An empty column of numbers
    becomes 0. With `indicator` a column "… is missing" is added for each column with gaps in the training rows.
    """

    def __init__(self, columns: Any, method: str = "median", fill: Any = None, indicator: bool = False) -> None:
        self.columns = columns
        self.method = method
        self.fill = fill
        self.indicator = indicator

    def fit(self, X: pd.DataFrame, y: Any = None) -> Self:
        self.columns_ = choose(X, self.columns)
        self.fills_ = {name: self._fill(X[name]) for name in self.columns_}
        self.marked_ = [name for name in self.columns_ if self.indicator and bool(X[name].isna().any())]
        made = unique([f"{name} is missing" for name in self.marked_], set(X.columns))
        sources = {name: [name] for name in self.columns_}
        sources |= {new: [name] for new, name in zip(made, self.marked_, strict=True)}
        self.marks_ = made
        return self._remember(X, [*X.columns, *made], sources)

    def transform(self, X: pd.DataFrame) -> pd.DataFrame:
        if not self.columns_:
            return X
        data = {name: _filled(X[name], self.fills_[name]) for name in self.columns_}
        for new, name in zip(self.marks_, self.marked_, strict=True):
            data[new] = X[name].isna().to_numpy().astype(np.float64)
        return joined(X, frame_of(data, X.index), self.names_out_)

    def _fill(self, column: pd.Series[Any]) -> Any:
        kind = column_kind(column)
        if self.method == "constant":
            return self._constant(column, kind)
        known = column.dropna()
        if known.empty:
            return {"number": 0.0, "boolean": False, "text": MISSING, "time": "1970-01-01"}[kind]
        if kind == "number" and self.method in ("mean", "median"):
            values = known.to_numpy(np.float64)
            return float(np.mean(values) if self.method == "mean" else np.median(values))
        if kind == "time" and self.method in ("mean", "median"):
            return str(known.median() if self.method == "median" else known.mean())
        counts = known.value_counts()
        most = min(counts.index[counts.to_numpy() == counts.iloc[0]])
        return bool(most) if kind == "boolean" else str(most) if kind in ("text", "time") else float(most)

    def _constant(self, column: pd.Series[Any], kind: str) -> Any:
        if self.fill is None:
            return {"number": 0.0, "boolean": False, "text": MISSING, "time": "1970-01-01"}[kind]
        if kind == "text":
            return str(self.fill)
        if kind == "number" and isinstance(self.fill, int | float):
            return float(self.fill)
        if kind == "boolean" and self.fill in (True, False):
            return bool(self.fill)
        raise ValueError(f"column '{column.name}' of type {kind} cannot be filled with {self.fill!r}")


def _filled(column: pd.Series[Any], fill: Any) -> Any:
    gaps = column.isna().to_numpy()
    kind = column_kind(column)
    if kind == "number":
        return np.where(gaps, fill, column.to_numpy(np.float64))
    if kind == "boolean":
        return boolean_column(np.where(gaps, float(fill), column.to_numpy(np.float64, na_value=0.0)))
    if kind == "time":
        return np.where(gaps, np.datetime64(fill.replace(" ", "T"), "us"), column.to_numpy("datetime64[us]"))
    values = column.to_numpy(dtype=object).copy()
    values[gaps] = fill
    return values


class ClipOutliers(OneToOneFeatureMixin, TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """Values beyond the bounds become the bounds: quantiles, quartiles ± factor × IQR, or mean ± factor × deviation.

    The bounds are those of the training rows; the deviation has n in the denominator.
    """

    def __init__(
        self, method: str = "quantile", low: float = 0.01, high: float = 0.99, factor: float = 1.5
    ) -> None:
        self.method = method
        self.low = low
        self.high = high
        self.factor = factor

    def fit(self, X: npt.NDArray[np.float64], y: Any = None) -> Self:
        self.n_features_in_ = X.shape[1]
        bounds = [self._bounds(X[:, place]) for place in range(X.shape[1])]
        self.bounds_ = np.array(bounds, dtype=np.float64).reshape(X.shape[1], 2)
        return self

    def transform(self, X: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        low, high = self.bounds_[:, 0], self.bounds_[:, 1]
        return np.minimum(np.maximum(X, low), high)

    def _bounds(self, values: npt.NDArray[np.float64]) -> tuple[float, float]:
        known = values[np.isfinite(values)]
        if not len(known):
            return -np.inf, np.inf
        if self.method == "quantile":
            return float(np.quantile(known, self.low)), float(np.quantile(known, self.high))
        if self.method == "iqr":
            first, third = np.quantile(known, 0.25), np.quantile(known, 0.75)
            reach = self.factor * (third - first)
            return float(first - reach), float(third + reach)
        middle, reach = np.mean(known), self.factor * np.std(known)
        return float(middle - reach), float(middle + reach)


class GivenEdges(OneToOneFeatureMixin, TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """The number of the bin between the given edges: 0 below the first edge, an edge opens its bin; NaN stays."""

    def __init__(self, edges: Any) -> None:
        self.edges = edges

    def fit(self, X: npt.NDArray[np.float64], y: Any = None) -> Self:
        self.n_features_in_ = X.shape[1]
        return self

    def transform(self, X: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        bins = np.searchsorted(np.asarray(self.edges, dtype=np.float64), X, side="right").astype(np.float64)
        return np.where(np.isnan(X), np.nan, bins)


class LearntBins(OneToOneFeatureMixin, TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """The number of the bin of the training rows: of equal width, of equal count or of one-dimensional k-means.

    Values outside belong to the first or last bin; NaN stays; equal edges are one edge.
    """

    def __init__(self, method: str = "quantile", n_bins: int = 5) -> None:
        self.method = method
        self.n_bins = n_bins

    def fit(self, X: npt.NDArray[np.float64], y: Any = None) -> Self:
        self.n_features_in_ = X.shape[1]
        self.edges_ = [self._edges(X[:, place]) for place in range(X.shape[1])]
        return self

    def transform(self, X: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        made = np.full(X.shape, np.nan)
        for place, edges in enumerate(self.edges_):
            known = ~np.isnan(X[:, place])
            made[known, place] = np.searchsorted(edges, X[known, place], side="right")
        return made

    def _edges(self, values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """The inner edges."""
        known = values[np.isfinite(values)]
        if not len(known) or known.min() == known.max():
            return np.empty(0)
        uniform = np.linspace(known.min(), known.max(), self.n_bins + 1)
        if self.method == "uniform":
            return uniform[1:-1]
        if self.method == "quantile":
            inner = np.quantile(known, np.linspace(0, 1, self.n_bins + 1)[1:-1])
            return np.unique(inner[inner > known.min()])
        return _between(np.sort(known), (uniform[1:] + uniform[:-1]) / 2)


def _between(values: npt.NDArray[np.float64], centres: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """The edges half-way between the centres to which Lloyd's iteration moves; `values` sorted."""
    for _ in range(100):
        edges = (centres[1:] + centres[:-1]) / 2
        places = np.searchsorted(edges, values, side="right")
        used = np.unique(places)
        moved = np.array([values[places == place].mean() for place in used])
        if len(moved) == len(centres) and np.array_equal(moved, centres):
            break
        centres = moved
    return np.unique((centres[1:] + centres[:-1]) / 2)
