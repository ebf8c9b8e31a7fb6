"""Drift from raw rows: frames or mappings of arrays against one another. Called by jobs, benchmarks and tests.

`parquet_rows.open_table` gives the same `Table` over Parquet files.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Lock
from typing import Any, Protocol

from mlregistry.errors import Invalid
from mlregistry.ml.drift import judging
from mlregistry.ml.drift.declaring import DEFAULTS, Declaration
from mlregistry.ml.drift.report import ColumnDrift, DriftReport
from mlregistry.ml.drift.values import Values, of_array, together

MOST_COLUMNS = 10_000
N_THREADS, WORTH_THREADS = 2, 50_000


class Table(Protocol):
    """Rows that are read column by column."""

    @property
    def names(self) -> Sequence[str]: ...

    @property
    def n_rows(self) -> int: ...

    def values(self, name: str) -> Values: ...


class ArrayTable:
    """A frame, or arrays by name, all of one length."""

    def __init__(self, arrays: Mapping[str, Any] | Any) -> None:
        self.arrays = arrays
        self.names: list[str] = [str(name) for name in arrays]
        lengths = {len(arrays[name]) for name in arrays}
        if len(lengths) > 1:
            raise Invalid("The columns of a table must have one length.", field="columns")
        self.n_rows = lengths.pop() if lengths else 0

    def values(self, name: str) -> Values:
        return of_array(self.arrays[name])


def compare(reference: Table, current: Table, declaration: Declaration = DEFAULTS) -> DriftReport:
    """A window against its baseline, two columns in memory at a time; columns of one side only are new or gone."""
    names = list(dict.fromkeys([*reference.names, *current.names]))
    if len(names) > MOST_COLUMNS:
        raise Invalid(
            f"{len(names):,} columns are too many to compare; at most {MOST_COLUMNS:,}.", field="columns"
        )
    return judging.summed(
        _judged(names, reference, current, declaration),
        n_reference=reference.n_rows,
        n_current=current.n_rows,
        declaration=declaration,
    )


def compare_arrays(
    reference: Mapping[str, Any] | Any, current: Mapping[str, Any] | Any, declaration: Declaration = DEFAULTS
) -> DriftReport:
    """The same of frames or arrays by name."""
    return compare(ArrayTable(reference), ArrayTable(current), declaration)


def _judged(
    names: Sequence[str], reference: Table, current: Table, declaration: Declaration
) -> list[ColumnDrift]:
    """One column is read at a time, while another one is sorted and measured."""
    before, now, reading = set(reference.names), set(current.names), Lock()

    def judged(name: str) -> ColumnDrift:
        with reading:
            left = reference.values(name) if name in before else None
            right = current.values(name) if name in now else None
        return judging.judged(together(name, left, right), declaration)

    if max(reference.n_rows, current.n_rows) < WORTH_THREADS:
        return [judged(name) for name in names]
    with ThreadPoolExecutor(N_THREADS) as pool:
        return list(pool.map(judged, names))
