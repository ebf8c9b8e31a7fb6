"""The cells that values of a column are counted in: fine enough that what is told from counts is within 0.01 of exact.

Made once from the baseline's values, by baselines; read by counters and counted.

A number's cells lie between rising edges, [a, b), open at both ends: at quantiles of the baseline, finer in its tails
and beyond its range, and one cell of a single value for each that is frequent. No cell of several values holds over
1/120 of the baseline, which bounds what a distance between cumulative shares can miss, whatever the window holds.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mlregistry.lib.lazily import lazily
from mlregistry.ml.drift.sides import LARGEST, deciles_of
from mlregistry.ml.drift.values import CategoryValues, NumberValues, Values

if TYPE_CHECKING:
    import numpy as np

    from mlregistry.ml.drift.sides import Floats
else:
    np = lazily("numpy")

N_QUANTILES = 160
N_WIDTHS = 32
N_WHOLE = 100  # the widest range of whole numbers that goes on in steps of one
N_TAILS = 6  # halvings of the last quantile
FEW_VALUES = 128
MOST_FREQUENT = 128
FREQUENT = 1 / 512
MOST_LABELS = 1_000
LONGEST_LABEL = 200


@dataclass(frozen=True)
class NumberGrid:
    """`centre` is what squares are taken about: the baseline's mean."""

    edges: tuple[float, ...]
    deciles: tuple[float, ...]  # among the edges
    centre: float
    n_distinct: int
    is_whole: bool

    @property
    def n_cells(self) -> int:
        return len(self.edges) + 1


@dataclass(frozen=True)
class CategoryGrid:
    """A cell per label and a last one for all others; `complete` when the baseline has no others."""

    labels: tuple[str, ...]
    complete: bool

    @property
    def n_cells(self) -> int:
        return len(self.labels) + 1


Grid = NumberGrid | CategoryGrid


def grid_of(values: Values) -> Grid:
    """For columns that are not compared, a grid without a label."""
    if isinstance(values, NumberValues):
        return _number_grid(np.sort(values.values), is_whole=values.is_whole)
    if isinstance(values, CategoryValues) and values.kind == "categorical":
        ranked = sorted(values.counts.items(), key=lambda pair: (-pair[1], pair[0]))
        kept = [label for label, _ in ranked if len(label) <= LONGEST_LABEL][:MOST_LABELS]
        return CategoryGrid(tuple(kept), len(kept) == len(ranked))
    return CategoryGrid((), False)


def _number_grid(ordered: Floats, *, is_whole: bool) -> NumberGrid:
    if not len(ordered):
        return NumberGrid((0.0, 1.0), (), 0.0, 0, is_whole)
    distinct, counts = np.unique(ordered, return_counts=True)
    frequent = distinct if len(distinct) <= FEW_VALUES else _frequent(distinct, counts, len(ordered))
    parts = [frequent, np.nextafter(frequent, np.inf), _beyond(ordered[0], ordered[-1], is_whole=is_whole)]
    if len(distinct) > FEW_VALUES:
        parts += [_quantiles(ordered), np.linspace(ordered[0], ordered[-1], N_WIDTHS + 1)]
    edges = np.unique(np.concatenate(parts))
    edges = edges[np.abs(edges) <= LARGEST]
    deciles = deciles_of(ordered).tolist()
    return NumberGrid(tuple(edges.tolist()), tuple(deciles), float(ordered.mean()), len(distinct), is_whole)


def _frequent(distinct: Floats, counts: np.typing.NDArray[np.int64], n: int) -> Floats:
    places = np.flatnonzero(counts >= max(2.0, n * FREQUENT))
    ranked = places[np.argsort(-counts[places], kind="stable")][:MOST_FREQUENT]
    found: Floats = distinct[ranked]
    return found


def _quantiles(ordered: Floats) -> Floats:
    """Values that are there, so that no edge lies within a heap."""
    tails = 1 / N_QUANTILES / 2.0 ** np.arange(1, N_TAILS + 1)
    shares = np.concatenate([tails, np.arange(1, N_QUANTILES) / N_QUANTILES, 1 - tails])
    found: Floats = ordered[(shares * (len(ordered) - 1)).astype(np.int64)]
    return found


def _beyond(low: float, high: float, *, is_whole: bool) -> Floats:
    """The range's ends, then steps of a sixteenth of it, or of one, then doublings, on both sides."""
    span = (high - low) or max(abs(high), 1.0)
    near = np.arange(1, 17) / 16 * span
    if is_whole and span <= N_WHOLE:
        near = np.arange(1, max(16, 2 * span)) - 0.5
    steps = np.concatenate([near, 2.0 ** np.arange(1, 11) * span])
    top = np.nextafter(high, np.inf)
    return np.concatenate([low - steps, [low, top], high + steps])


def labels_of(grid: NumberGrid, places: Sequence[int]) -> list[str]:
    """How a number's cells are called where each value is told by itself."""
    edges = grid.edges
    found = []
    for place in places:
        low = edges[place - 1] if place else -np.inf
        high = edges[place] if place < len(edges) else np.inf
        is_single = place and np.nextafter(low, np.inf) >= high
        found.append(f"{low:g}" if is_single else f"between {low:g} and {high:g}")
    return found
