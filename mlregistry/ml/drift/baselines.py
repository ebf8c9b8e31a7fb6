"""A baseline: the grids of its columns, made of the training rows at promotion and kept as JSON beside their counters.

Columns are named by their role, as "input:age", "output:prediction" or "truth:churned".
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from mlregistry.errors import Invalid
from mlregistry.lib.lazily import lazily
from mlregistry.ml.drift.grids import Grid, NumberGrid, grid_of
from mlregistry.ml.drift.values import Values
from mlregistry.ml.profiling.codec import decoded, encoded

if TYPE_CHECKING:
    import numpy as np

    from mlregistry.ml.drift.sides import Floats
else:
    np = lazily("numpy")

FORMAT = 1
MOST_COLUMNS = 2_000
INPUT, OUTPUT, TRUTH = "input:", "output:", "truth:"
PREDICTION = f"{OUTPUT}prediction"
PROBABILITY = f"{OUTPUT}probability:"  # and the class


@dataclass(frozen=True)
class WatchedColumn:
    """A column that is counted; numbers have a number grid, all others one of categories."""

    name: str
    kind: str
    numbers: NumberGrid | None = None
    labels: tuple[str, ...] = ()
    complete: bool = False

    @property
    def n_cells(self) -> int:
        return self.numbers.n_cells if self.numbers else len(self.labels) + 1

    @cached_property
    def places(self) -> Mapping[str, int]:
        """The cell of each label."""
        return {label: place for place, label in enumerate(self.labels)}


@dataclass(frozen=True)
class Baseline:
    """The grids. Counters of one baseline fit no other: they carry its digest."""

    format: int
    columns: tuple[WatchedColumn, ...]

    @cached_property
    def digest(self) -> bytes:
        """Eight bytes of what decides where a value is counted."""
        text = json.dumps(self.to_json(), sort_keys=True, ensure_ascii=False)
        return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest()

    @cached_property
    def places(self) -> Mapping[str, slice]:
        """Where the cells of each column lie in the counts."""
        found, start = {}, 0
        for column in self.columns:
            found[column.name] = slice(start, start + column.n_cells)
            start += column.n_cells
        return found

    @cached_property
    def widths(self) -> Floats:
        """Of each cell between two edges; zero for all others."""
        parts = []
        for column in self.columns:
            widths = np.zeros(column.n_cells)
            if column.numbers is not None:
                widths[1:-1] = np.diff(column.numbers.edges)
            parts.append(widths)
        return np.concatenate(parts) if parts else np.zeros(0)

    @property
    def n_cells(self) -> int:
        return sum(column.n_cells for column in self.columns)

    def to_json(self) -> dict[str, Any]:
        found: dict[str, Any] = encoded(self)
        return found

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Baseline:
        """Invalid when the document is of another format or no baseline."""
        return decoded(cls, data, format=FORMAT, title="baseline")


def baseline_of(columns: Mapping[str, Values]) -> Baseline:
    """From the values of each column by its name; its counters come from `counters.counted_values`."""
    if len(columns) > MOST_COLUMNS:
        raise Invalid(
            f"{len(columns):,} columns are too many to watch; at most {MOST_COLUMNS:,}.", field="columns"
        )
    return Baseline(
        FORMAT, tuple(_column(name, values.kind, grid_of(values)) for name, values in columns.items())
    )


def _column(name: str, kind: str, grid: Grid) -> WatchedColumn:
    if isinstance(grid, NumberGrid):
        return WatchedColumn(name, kind, numbers=grid)
    return WatchedColumn(name, kind, labels=grid.labels, complete=grid.complete)
