"""Drift from counters: a window's against the baseline's, by the same methods as raw rows. Called by jobs and pages."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from mlregistry.errors import Invalid
from mlregistry.lib.lazily import lazily
from mlregistry.ml.drift import judging
from mlregistry.ml.drift.baselines import Baseline, WatchedColumn
from mlregistry.ml.drift.cells import Cells, CountedNumbers
from mlregistry.ml.drift.counters import N_INFINITE, N_MISSING, SQUARES, Counters
from mlregistry.ml.drift.declaring import DEFAULTS, Declaration
from mlregistry.ml.drift.judging import Amounts, Column
from mlregistry.ml.drift.report import DriftReport
from mlregistry.ml.drift.sides import Categories
from mlregistry.ml.drift.values import OTHERS

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from mlregistry.ml.drift.sides import Compared
else:
    np = lazily("numpy")


def compare(
    baseline: Baseline, reference: Counters, current: Counters, declaration: Declaration = DEFAULTS
) -> DriftReport:
    """Every figure is within 0.01 of that of the rows themselves; tests, categories and PSI mostly equal it."""
    if not reference.digest == current.digest == baseline.digest:
        raise Invalid("Counters of different baselines cannot be compared: their cells differ.")
    return judging.report(
        _columns(baseline, reference, current),
        n_reference=reference.n_rows,
        n_current=current.n_rows,
        declaration=declaration,
    )


def _columns(baseline: Baseline, reference: Counters, current: Counters) -> Iterator[Column]:
    for place, column in enumerate(baseline.columns):
        cells = baseline.places[column.name]
        sides = [side.counts[cells] for side in (reference, current)]
        amounts = [
            _amounts(side, place, counts) for side, counts in zip((reference, current), sides, strict=True)
        ]
        compared: Compared | None = None
        if all(counts.any() for counts in sides) and column.numbers is not None:
            before, now = (_cells(side, place, cells) for side in (reference, current))
            compared = CountedNumbers(column.numbers, before, now)
        elif all(counts.any() for counts in sides) and column.labels:
            compared = _categories(column, *sides)
        n_unseen = int(sides[1][-1]) if column.complete else None
        yield Column(column.name, column.kind, amounts[0], amounts[1], compared, n_unseen)


def _amounts(side: Counters, place: int, counts: npt.NDArray[np.int64]) -> Amounts:
    missing, infinite = (int(side.figures[place, figure]) for figure in (N_MISSING, N_INFINITE))
    return Amounts(int(counts.sum()) + missing + infinite, missing, infinite)


def _cells(side: Counters, place: int, cells: slice) -> Cells:
    low, high = side.limits[place].tolist()
    return Cells(side.counts[cells], side.offsets[cells], float(side.figures[place, SQUARES]), low, high)


def _categories(
    column: WatchedColumn, reference: npt.NDArray[np.int64], current: npt.NDArray[np.int64]
) -> Categories:
    labels, before, now = column.labels, reference.astype(np.float64), current.astype(np.float64)
    if before[-1] or now[-1]:
        return Categories((*labels, OTHERS), before, now)
    return Categories(labels, before[:-1], now[:-1])
