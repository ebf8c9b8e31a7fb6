"""Steps on numbers: filled gaps, clipped outliers, bins with given edges."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
import numpy.typing as npt
from sklearn.base import BaseEstimator, OneToOneFeatureMixin, TransformerMixin
from sklearn.preprocessing import PowerTransformer

from mlregistry.ml.steps.frames import MISSING, Table, TableStep, Values, choose, gaps_of, unique

FAR = 10  # deviations between the mean and 0
EMPTY = {"number": 0.0, "boolean": 0.0, "text": MISSING, "time": "1970-01-01"}


class FillGaps(TableStep):
    """Missing values become the mean, median or mode of the training rows, or a constant.

    Texts and booleans have a mode or a constant only, times a mode or the median. An empty column of numbers
    becomes 0. With `indicator` a column "… is missing" is added for each column with gaps in the training rows.
    """

    def __init__(
        self, columns: Any, method: str = "median", fill: Any = None, indicator: bool = False
    ) -> None:
        self.columns = columns
        self.method = method
        self.fill = fill
        self.indicator = indicator

    def fit(self, X: Table, y: Any = None) -> Self:
        self.columns_ = choose(X, self.columns)
        self.fills_ = {name: self._fill(name, X.values[name], X.kinds[name]) for name in self.columns_}
        gaps = {name: bool(gaps_of(X.values[name]).any()) for name in self.columns_ if self.indicator}
        self.marked_ = [name for name in self.columns_ if gaps.get(name)]
        self.marks_ = unique([f"{name} is missing" for name in self.marked_], set(X.columns))
        sources = {name: [name] for name in self.columns_}
        sources |= {mark: [name] for mark, name in zip(self.marks_, self.marked_, strict=True)}
        return self._remember(X, [*X.columns, *self.marks_], sources)

    def transform(self, X: Table) -> Table:
        values, kinds = {}, {}
        for name in self.columns_:
            values[name], kinds[name] = _filled(X.values[name], self.fills_[name]), X.kinds[name]
        for mark, name in zip(self.marks_, self.marked_, strict=True):
            values[mark], kinds[mark] = gaps_of(X.values[name]).astype(np.float64), "number"
        return X.using(self.names_out_, values, kinds)

    def _fill(self, name: str, values: Values, kind: str) -> Any:
        if self.method == "constant" and self.fill is not None:
            return self._constant(name, kind)
        known = values[~gaps_of(values)]
        if self.method == "constant" or not len(known):
            return EMPTY[kind]
        if kind == "number" and self.method in ("mean", "median"):
            return float(np.mean(known) if self.method == "mean" else np.median(known))
        if kind == "time" and self.method in ("mean", "median"):
            middle = np.mean if self.method == "mean" else np.median
            return str(np.datetime64(int(middle(known.astype(np.int64))), "us"))
        found, counts = np.unique(known, return_counts=True)
        most = found[np.argmax(counts)]  # the smallest of the most frequent
        return str(most) if kind in ("text", "time") else float(most)

    def _constant(self, name: str, kind: str) -> Any:
        if kind == "text":
            return str(self.fill)
        if kind in ("number", "boolean") and isinstance(self.fill, int | float):
            return float(self.fill)
        raise ValueError(f"column '{name}' of kind {kind} cannot be filled with {self.fill!r}")


def _filled(values: Values, fill: Any) -> Values:
    gaps = gaps_of(values)
    if not gaps.any():
        return values
    made = values.copy()
    made[gaps] = np.datetime64(fill, "us") if values.dtype.kind == "M" else fill
    return made


class ClipOutliers(OneToOneFeatureMixin, TransformerMixin, BaseEstimator):  # type: ignore[misc]  # scikit-learn has no types
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
            width = self.factor * (third - first)
            return float(first - width), float(third + width)
        middle, reach = float(np.mean(known)), float(self.factor * np.std(known))
        return middle - reach, middle + reach


class EvenPower(OneToOneFeatureMixin, TransformerMixin, BaseEstimator):  # type: ignore[misc]  # scikit-learn has no types
    """The power of Yeo and Johnson (2000), with mean 0 and deviation 1.

    Columns that lie far from 0 for their spread, such as longitudes, are standardised first: the power of those
    would be one number for all rows.
    """

    def fit(self, X: npt.NDArray[np.float64], y: Any = None) -> Self:
        self.n_features_in_ = X.shape[1]
        moved = [_shift(X[:, place]) for place in range(X.shape[1])]
        self.shift_, self.width_ = np.array(moved, dtype=np.float64).reshape(-1, 2).T
        self.power_ = PowerTransformer().fit((X - self.shift_) / self.width_)
        return self

    def transform(self, X: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        made: npt.NDArray[np.float64] = self.power_.transform((X - self.shift_) / self.width_)
        return made


def _shift(values: npt.NDArray[np.float64]) -> tuple[float, float]:
    """Mean and deviation of a column far from 0, else 0 and 1."""
    known = values[np.isfinite(values)]
    middle, spread = (float(known.mean()), float(known.std())) if len(known) else (0.0, 0.0)
    return (middle, spread) if spread and abs(middle) > FAR * spread else (0.0, 1.0)


class GivenEdges(OneToOneFeatureMixin, TransformerMixin, BaseEstimator):  # type: ignore[misc]  # scikit-learn has no types
    """The number of the bin between the given edges: 0 below the first edge, an edge opens its bin; NaN stays."""

    def __init__(self, edges: Any) -> None:
        self.edges = edges

    def fit(self, X: npt.NDArray[np.float64], y: Any = None) -> Self:
        self.n_features_in_ = X.shape[1]
        return self

    def transform(self, X: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        bins = np.searchsorted(np.asarray(self.edges, dtype=np.float64), X, side="right").astype(np.float64)
        return np.where(np.isnan(X), np.nan, bins)


class LearntBins(OneToOneFeatureMixin, TransformerMixin, BaseEstimator):  # type: ignore[misc]  # scikit-learn has no types
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
