"""A column of numbers as counters tell it: what `sides.Numbers` asks, from cells. Made by counted."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from mlregistry.lib.lazily import lazily
from mlregistry.ml.drift.grids import NumberGrid, labels_of
from mlregistry.ml.drift.sides import FEW_VALUES, Categories

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from mlregistry.ml.drift.sides import Floats
else:
    np = lazily("numpy")


@dataclass(frozen=True)
class Cells:
    """One side of a column of numbers."""

    counts: npt.NDArray[np.int64]
    offsets: Floats
    squares: float
    low: float
    high: float

    @cached_property
    def n(self) -> int:
        return int(self.counts.sum())

    @cached_property
    def up_to(self) -> Floats:
        """How many values lie below each edge."""
        return np.cumsum(self.counts[:-1]).astype(np.float64)

    def areas(self, edges: Floats) -> Floats:
        """Of the cumulative share over each cell; over the last one, what it lacks to 1, negative."""
        below = np.concatenate([[0.0], self.up_to])
        widths = np.diff(edges, prepend=edges[0], append=edges[-1])
        inside = np.concatenate([[0.0], self.counts[1:-1], [0.0]]) * widths - self.offsets
        below[-1] = 0.0
        found: Floats = (below * widths + inside) / self.n
        return found

    def knots(self, edges: Floats) -> tuple[Floats, Floats]:
        """Places and how many values lie below them, from none to all."""
        high = float(np.nextafter(self.high, np.inf))
        places = np.concatenate([[self.low], np.clip(edges, self.low, high), [high]])
        return places, np.concatenate([[0.0], self.up_to, [float(self.n)]])


@dataclass(frozen=True)
class CountedNumbers:
    """What `sides.Numbers` asks, from cells."""

    grid: NumberGrid
    reference: Cells
    current: Cells

    @cached_property
    def edges(self) -> Floats:
        return np.asarray(self.grid.edges)

    @property
    def is_whole(self) -> bool:
        return self.grid.is_whole

    @property
    def n_reference(self) -> int:
        return self.reference.n

    @property
    def n_current(self) -> int:
        return self.current.n

    @property
    def n_distinct_reference(self) -> int:
        return self.grid.n_distinct

    @property
    def n_distinct(self) -> int:
        if self.grid.n_distinct > FEW_VALUES:
            return self.grid.n_distinct
        return int(((self.reference.counts > 0) | (self.current.counts > 0)).sum())

    @property
    def deciles(self) -> Floats:
        return np.asarray(self.grid.deciles)

    @cached_property
    def deviation(self) -> float:
        anchors = np.concatenate([self.edges[:1], self.edges]) - self.grid.centre
        side = self.reference
        mean = float((side.offsets + side.counts * anchors).sum()) / side.n
        return math.sqrt(max(0.0, side.squares / side.n - mean * mean))

    @property
    def limits(self) -> tuple[float, float]:
        return min(self.reference.low, self.current.low), max(self.reference.high, self.current.high)

    @cached_property
    def _differences(self) -> Floats:
        """Between the cumulative shares, at each edge."""
        found: Floats = self.reference.up_to / self.reference.n - self.current.up_to / self.current.n
        return found

    @property
    def gap(self) -> float:
        return float(np.abs(self._differences).max())

    @property
    def area(self) -> float:
        """Exact in each cell in which neither side overtakes the other; there, as between straight lines."""
        whole = np.abs(self.reference.areas(self.edges) - self.current.areas(self.edges))
        left, right = self._differences[:-1], self._differences[1:]
        sizes = np.abs(left) + np.abs(right)
        crossed = np.where(
            left * right < 0,
            np.diff(self.edges) * (left**2 + right**2) / (2 * np.maximum(sizes, 1e-300)),
            0.0,
        )
        whole[1:-1] = np.maximum(whole[1:-1], crossed)
        return float(whole.sum())

    def below(self, points: Floats) -> tuple[Floats, Floats]:
        """Within a cell as if its values lay evenly."""
        left, right = (np.interp(points, *side.knots(self.edges)) for side in (self.reference, self.current))
        return left, right

    def quantiles(self, shares: Floats) -> tuple[Floats, Floats]:
        sides = []
        for side in (self.reference, self.current):
            places, counts = side.knots(self.edges)
            sides.append(np.clip(np.interp(shares * side.n, counts, places), side.low, side.high))
        return sides[0], sides[1]

    def categories(self) -> Categories:
        used = np.flatnonzero((self.reference.counts > 0) | (self.current.counts > 0))
        return Categories(
            tuple(labels_of(self.grid, used.tolist())),
            self.reference.counts[used].astype(np.float64),
            self.current.counts[used].astype(np.float64),
        )

    def ranked(self) -> tuple[Floats, Floats]:
        cells = np.arange(self.grid.n_cells, dtype=np.float64)
        return np.repeat(cells, self.reference.counts), np.repeat(cells, self.current.counts)
