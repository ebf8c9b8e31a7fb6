"""Counts and sums of rows in the cells of a baseline. Counters of hours add up to those of any window.

Made by folding, stored through coding, compared by counted.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mlregistry.errors import Invalid
from mlregistry.lib.lazily import lazily
from mlregistry.ml.drift.baselines import Baseline, WatchedColumn
from mlregistry.ml.drift.values import CategoryValues, NumberValues, OtherValues, Values

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from mlregistry.ml.drift.grids import NumberGrid
    from mlregistry.ml.drift.sides import Floats
else:
    np = lazily("numpy")

N_MISSING, N_INFINITE, SQUARES = range(3)


@dataclass(frozen=True, eq=False)
class Counters:
    """All columns of a baseline in flat arrays, in the baseline's order.

    `offsets` are sums of the distances of a cell's values from its lower edge (in the first cell, from its upper one).
    `figures` has a row per column: missing, infinite, squares about the grid's centre. `limits` are the least and the
    greatest value; a difference keeps those of the whole, which is no narrower.
    """

    digest: bytes
    n_rows: int
    counts: npt.NDArray[np.int64]
    offsets: Floats
    figures: Floats
    limits: Floats

    def __add__(self, other: Counters) -> Counters:
        self._fit(other)
        limits = np.stack(
            [
                np.minimum(self.limits[:, 0], other.limits[:, 0]),
                np.maximum(self.limits[:, 1], other.limits[:, 1]),
            ],
            1,
        )
        return Counters(
            self.digest,
            self.n_rows + other.n_rows,
            self.counts + other.counts,
            self.offsets + other.offsets,
            self.figures + other.figures,
            limits,
        )

    def __sub__(self, other: Counters) -> Counters:
        """Without a part that was added before; Invalid for what is no part of it."""
        self._fit(other)
        counts = self.counts - other.counts
        if (counts < 0).any():
            raise Invalid("These counters hold rows that the others do not: they are no part of them.")
        return Counters(
            self.digest,
            self.n_rows - other.n_rows,
            counts,
            np.where(counts > 0, self.offsets - other.offsets, 0.0),
            np.maximum(self.figures - other.figures, 0.0),
            self.limits,
        )

    def _fit(self, other: Counters) -> None:
        if self.digest != other.digest:
            raise Invalid("Counters of different baselines cannot be added: their cells differ.")


def empty(baseline: Baseline) -> Counters:
    n = len(baseline.columns)
    limits = np.tile(np.array([np.inf, -np.inf]), (n, 1))
    cells = baseline.n_cells
    return Counters(
        baseline.digest, 0, np.zeros(cells, dtype=np.int64), np.zeros(cells), np.zeros((n, 3)), limits
    )


def missing(counters: Counters, baseline: Baseline, name: str) -> int:
    """Rows without a value in that column; 0 where nobody watches it."""
    place = next((place for place, column in enumerate(baseline.columns) if column.name == name), None)
    return 0 if place is None else int(counters.figures[place, N_MISSING])


def total(parts: Iterable[Counters], baseline: Baseline) -> Counters:
    """The counters of all parts together."""
    found = empty(baseline)
    for part in parts:
        found = found + part
    return found


def counted_values(baseline: Baseline, columns: Mapping[str, Values], *, n_rows: int) -> Counters:
    """What the columns hold; one that is not given was not looked at, and names that nobody watches are left out."""
    found = empty(baseline)
    for place, column in enumerate(baseline.columns):
        values = columns.get(column.name)
        if values is not None:
            _count(found, place, column, baseline.places[column.name], values)
    return Counters(found.digest, n_rows, found.counts, found.offsets, found.figures, found.limits)


def _count(found: Counters, place: int, column: WatchedColumn, cells: slice, values: Values) -> None:
    """Into the arrays of counters that nobody else has seen yet."""
    found.figures[place, N_MISSING] = values.amounts.n_missing
    found.figures[place, N_INFINITE] = values.amounts.n_infinite
    if column.numbers is not None:
        _count_numbers(found, place, column.numbers, cells, values)
    elif isinstance(values, CategoryValues):
        counts, places = found.counts[cells], column.places
        for label, n in values.counts.items():
            counts[places.get(label, -1)] += n
        counts[-1] += values.n_other
    elif isinstance(values, OtherValues):
        found.counts[cells.stop - 1] += values.amounts.n_rows - values.amounts.n_missing


def _count_numbers(found: Counters, place: int, grid: NumberGrid, cells: slice, values: Values) -> None:
    if not isinstance(values, NumberValues):
        found.figures[place, N_MISSING] = values.amounts.n_rows
        return
    numbers = values.values
    if not len(numbers):
        return
    edges = np.asarray(grid.edges)
    where = np.searchsorted(edges, numbers, side="right")
    far = numbers - np.concatenate([edges[:1], edges])[where]
    found.counts[cells] = np.bincount(where, minlength=grid.n_cells)
    found.offsets[cells] = np.bincount(where, weights=far, minlength=grid.n_cells)
    about = numbers - grid.centre
    found.figures[place, SQUARES] = float(about @ about)
    found.limits[place] = (numbers.min(), numbers.max())
