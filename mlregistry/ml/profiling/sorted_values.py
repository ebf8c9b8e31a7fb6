"""Figures of a column out of its sorted values: nearly everything is a look into them. Used by the column modules.

Sorting 64-bit values is the cheapest pass there is, so that every figure here is exact at any size.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from mlregistry.lib.floats import LARGEST
from mlregistry.ml.profiling.document import Bins, Histogram
from mlregistry.ml.profiling.source import Array

BLOCK = 65_536  # values, so that what is made of them stays in the processor's cache
PERCENTILES = np.arange(101) / 100


@dataclass(frozen=True)
class Moments:
    """Mean, and the unbiased figures as pandas gives them; None where there are too few values."""

    mean: float
    deviation: float | None
    skewness: float | None
    kurtosis: float | None


@dataclass(frozen=True)
class Runs:
    """Where each distinct value starts, and how often it comes."""

    starts: npt.NDArray[np.integer[Any]]
    counts: npt.NDArray[np.integer[Any]]

    def most_frequent(self, n: int) -> npt.NDArray[np.intp]:
        """Places in `starts`, the most frequent first, then by value; those of one row only if all fit."""
        fit = len(self.counts) <= n
        places = np.arange(len(self.counts)) if fit else np.flatnonzero(self.counts > 1)
        if len(places) > n:
            counts = self.counts[places]
            places = places[counts >= np.partition(counts, -n)[-n]]
        order = np.lexsort((places, -self.counts[places]))[:n]
        return places[order]


def runs(ordered: Array) -> Runs:
    """Counted before they are kept, in few bytes: of many distinct values they are as long as the column."""
    n = len(ordered)
    dtype: type[np.integer[Any]] = np.int32 if n < 2**31 else np.int64
    size = sum(int(np.count_nonzero(_changes(ordered, begin))) for begin in range(0, n - 1, BLOCK))
    starts = np.zeros(size + 1 if n else 0, dtype=dtype)
    filled = 1
    for begin in range(0, n - 1, BLOCK):
        places = np.flatnonzero(_changes(ordered, begin))
        starts[filled : filled + len(places)] = places + (begin + 1)
        filled += len(places)
    counts = np.empty_like(starts)
    if n:
        np.subtract(starts[1:], starts[:-1], out=counts[:-1])
        counts[-1] = n - starts[-1]
    return Runs(starts, counts)


def _changes(ordered: Array, begin: int) -> npt.NDArray[np.bool_]:
    block = ordered[begin : begin + BLOCK + 1]
    changes: npt.NDArray[np.bool_] = block[1:] != block[:-1]
    return changes


def quantiles(ordered: Array, shares: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Interpolated linearly between neighbours, as numpy and pandas do."""
    places = shares * (len(ordered) - 1)
    lower = np.floor(places).astype(np.int64)
    upper = np.minimum(lower + 1, len(ordered) - 1)
    left, right = ordered[lower].astype(np.float64), ordered[upper].astype(np.float64)
    share = places - lower
    return np.where(left == right, left, left * (1 - share) + right * share)


def moments(values: Array) -> Moments:
    """Two passes, so that nothing is lost to a mean far from zero."""
    n = len(values)
    with np.errstate(over="ignore", invalid="ignore"):
        mean = _total(values) / n
        mean = mean if np.isfinite(mean) else _total(values / n)
        powers = np.zeros(3)
        for start in range(0, n, BLOCK):
            far = values[start : start + BLOCK].astype(np.float64) - mean
            square = far * far
            powers += (square.sum(), (square * far).sum(), (square * square).sum())
        return Moments(mean, *_unbiased(n, *powers.tolist()))


def _unbiased(n: int, m2: float, m3: float, m4: float) -> tuple[float | None, float | None, float | None]:
    """Deviation, Fisher's G1 and G2 from the sums of powers of the distances from the mean."""
    deviation = (m2 / (n - 1)) ** 0.5 if n > 1 else None
    skewness = kurtosis = None
    if n > 2 and m2:
        skewness = n * (n - 1) ** 0.5 / (n - 2) * (m3 / m2**1.5)
    if n > 3 and m2:
        scale = (n - 2) * (n - 3)
        kurtosis = n * (n + 1) * (n - 1) / scale * (m4 / m2**2) - 3 * (n - 1) ** 2 / scale
    return _finite(deviation), _finite(skewness), _finite(kurtosis)


def _finite(value: float | None) -> float | None:
    return value if value is not None and np.isfinite(value) else None


def _total(values: Array) -> float:
    return float(
        sum(float(values[i : i + BLOCK].sum(dtype=np.float64)) for i in range(0, len(values), BLOCK))
    )


def histogram(ordered: Array, bars: int) -> Histogram:
    """At most `bars` of equal width; whole numbers that are close together get a bar each."""
    low, high = float(ordered[0]), float(ordered[-1])
    if ordered.dtype.kind in "iu" and high - low < bars:
        edges = np.arange(low - 0.5, high + 1)
    elif low == high:
        edges = np.array([low - 0.5, high + 0.5])
    else:
        share = np.arange(bars + 1) / bars
        edges = low * (1 - share) + high * share
        edges[0], edges[-1] = low, high
    counts = np.diff(np.r_[0, np.searchsorted(ordered, edges[1:-1], side="left"), len(ordered)])
    return Histogram(tuple(edges.tolist()), tuple(counts.tolist()))


def bins(ordered: Array) -> Bins:
    """The drift baseline: see document.Bins."""
    edges = np.unique(quantiles(ordered, PERCENTILES))
    places = [0, *np.searchsorted(ordered, edges, side="left").tolist(), len(ordered)]
    pairs = list(pairwise(places))
    sums = tuple(_total(ordered[begin:end]) for begin, end in pairs)
    counts = tuple(end - begin for begin, end in pairs)
    return Bins(tuple(edges.tolist()), counts, tuple(max(-LARGEST, min(LARGEST, value)) for value in sums))


def median_distance(ordered: Array, middle: float) -> float:
    """The median of the distances from `middle`."""
    n = len(ordered)
    upper = _distance(ordered, middle, n // 2)
    return upper if n % 2 else _distance(ordered, middle, n // 2 - 1) / 2 + upper / 2


def _distance(ordered: Array, middle: float, k: int) -> float:
    """The k-th smallest distance: the values left and right of the middle are two sorted lists, halved in turn."""
    split = int(np.searchsorted(ordered, middle, side="left"))
    low, high = max(0, k + 1 - (len(ordered) - split)), min(k + 1, split)
    while low < high:  # how many of the k + 1 nearest lie left
        n_left = (low + high) // 2
        nearest_left = middle - float(ordered[split - n_left - 1])
        if nearest_left < float(ordered[split + k - n_left]) - middle:
            low = n_left + 1
        else:
            high = n_left
    left = middle - float(ordered[split - low]) if low else -np.inf
    right = float(ordered[split + k - low]) - middle if k + 1 - low else -np.inf
    return float(max(left, right))
