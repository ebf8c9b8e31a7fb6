"""The distribution of a column of numbers or times as far as its profile tells it. Called by comparisons of versions.

Values that are listed lie where they are, so that a heap stays a heap; the others as if evenly between two percentiles.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from mlregistry.lib.lazily import lazily
from mlregistry.ml.profiling.document import Bins, Column, TopValue

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Array = npt.NDArray[np.float64]
else:
    np = lazily("numpy")


@dataclass(frozen=True)
class Distribution:
    """Heaps (values with their shares, in order) and, at the edges, the share of the rest that lies below."""

    heaps: Array
    weights: Array
    edges: Array
    rest: Array
    n: int

    @property
    def blur(self) -> float:
        """No share below a point is farther than this from the exact one."""
        return float(np.diff(self.rest).max(initial=0.0))

    def up_to(self, points: Array, *, included: bool = True) -> Array:
        """The share of the values below each point, and at it."""
        places = np.searchsorted(self.heaps, points, side="right" if included else "left")
        below: Array = np.concatenate([[0.0], np.cumsum(self.weights)])[places]
        return below + np.interp(points, self.edges, self.rest)

    def between(self, borders: Array) -> Array:
        """Shares of the values up to the first border, up to the second, …, above the last."""
        shares: Array = np.diff(np.concatenate([[0.0], self.up_to(borders), [1.0]]))
        return np.maximum(shares, 0.0)

    def quantile(self, share: float) -> float:
        """The smallest point known up to which so many values lie."""
        points = np.union1d(self.edges, self.heaps) if self.blur else self.heaps
        place = int(np.searchsorted(self.up_to(points), share - 1e-9))
        return float(points[min(place, len(points) - 1)])


def of_column(column: Column) -> Distribution | None:
    """None for columns without a finite number or time."""
    figures = column.numbers or column.times
    if figures is None:
        return None
    heaps = [(_place(top), float(top.count)) for top in column.top]
    return _of(figures.bins, [pair for pair in heaps if np.isfinite(pair[0])])


def distance(left: Distribution, right: Distribution) -> float:
    """The Kolmogorov–Smirnov distance: the largest gap between the two cumulative shares."""
    points = np.concatenate([left.edges, left.heaps, right.edges, right.heaps])
    gaps = [
        np.abs(left.up_to(points, included=side) - right.up_to(points, included=side)).max(initial=0.0)
        for side in (True, False)
    ]
    return float(min(1.0, max(gaps)))


def _of(bins: Bins, known: list[tuple[float, float]]) -> Distribution:
    edges, counts = np.array(bins.edges), np.array(bins.counts, dtype=np.float64)
    heaps = dict(known)
    heaps[bins.edges[-1]] = counts[-1]
    values = np.array(sorted(heaps))
    amounts = np.array([heaps[value] for value in values.tolist()])
    in_bin = np.bincount(np.searchsorted(edges, values, side="right"), weights=amounts, minlength=len(counts))
    rest = np.maximum(counts - in_bin, 0.0)[: len(edges)]
    n = float(counts.sum())
    return Distribution(values, amounts / n, edges, np.cumsum(rest) / n, int(n))


def _place(top: TopValue) -> float:
    """A number as it is, a time as seconds since 1970; NaN for what is beyond the calendar."""
    try:
        return float(top.value)
    except ValueError:
        pass
    try:
        return datetime.fromisoformat(top.value).replace(tzinfo=UTC).timestamp()
    except ValueError:
        return float("nan")
