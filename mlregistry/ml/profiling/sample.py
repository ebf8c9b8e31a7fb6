"""Rows from all over a table as plain arrays, the same ones each time: for everything that compares columns.

Used by the modules of full profiles.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from mlregistry.ml.profiling.document import Column
from mlregistry.ml.profiling.source import Array, Field, Source

Floats = npt.NDArray[np.float64]
Codes = npt.NDArray[np.int64]
MISSING = -1


@dataclass(frozen=True)
class Sample:
    """Numbers, times and stored booleans as floats (missing is NaN), texts as codes (missing is −1)."""

    rows: Codes  # which rows of the table, counted from 0 over all parts
    floats: Mapping[str, Floats]
    codes: Mapping[str, Codes]

    @property
    def n(self) -> int:
        return len(self.rows)

    def classes(self, name: str) -> Codes:
        """Any column as codes from 0 on, missing −1."""
        if name in self.codes:
            return self.codes[name]
        return coded(self.floats[name])

    def taken(self, places: Codes | slice) -> Sample:
        return Sample(
            self.rows[places],
            {name: values[places] for name, values in self.floats.items()},
            {name: values[places] for name, values in self.codes.items()},
        )

    def thinned(self, n: int) -> Sample:
        """About every k-th row, so that at most `n` are left."""
        step = -(-self.n // n)
        return self if step <= 1 else self.taken(slice(None, None, step))


def drawn(source: Source, columns: Sequence[Column], seed: int) -> Sample:
    """The columns with anything in them; how many rows, the limits say."""
    limits = source.limits
    wanted = [field for field, column in zip(source.fields, columns, strict=True) if column.n]
    n = min(limits.sample_rows, limits.sample_cells // max(1, len(wanted)))
    part = source.sampled(n, seed)
    floats: dict[str, Floats] = {}
    codes: dict[str, Codes] = {}
    for start in range(0, len(wanted), 200):
        batch = wanted[start : start + 200]
        for field, array in zip(
            batch, source.arrays([_expression(field) for field in batch], part), strict=True
        ):
            if field.type == "string":
                codes[field.name] = _codes_of_hashes(array)
            else:
                floats[field.name] = _floats(array, field.type)
    return Sample(_rows(source, part), floats, codes)


def _expression(field: Field) -> str:
    return (
        f"CASE WHEN {field.quoted} IS NOT NULL THEN hash({field.value}) END"
        if field.type == "string"
        else field.value
    )


def _rows(source: Source, part: str) -> Codes:
    sizes = source.rows(
        f"SELECT file_index, count(*) FROM {source.table} GROUP BY file_index ORDER BY file_index"  # noqa: S608  # duck quotes names and paths, the rest is ours
    )
    before = np.zeros(max((int(place) for place, _ in sizes), default=0) + 1, dtype=np.int64)
    before[1:] = np.cumsum([size for _, size in sizes])[: len(before) - 1]
    files, rows = source.arrays(["file_index", "file_row_number"], part)
    return before[np.asarray(files, dtype=np.int64)] + np.asarray(rows, dtype=np.int64)


def _floats(array: Array, type: str) -> Floats:
    values = array.astype(np.float64)
    plain = values.filled(np.nan) if isinstance(values, np.ma.MaskedArray) else values
    plain = plain / 1e6 if type == "datetime" else plain
    plain[np.isinf(plain)] = np.nan
    return np.asarray(plain, dtype=np.float64)


def _codes_of_hashes(array: Array) -> Codes:
    if not isinstance(array, np.ma.MaskedArray):
        return np.unique(array, return_inverse=True)[1].astype(np.int64)
    codes = np.full(len(array), MISSING, dtype=np.int64)
    there = ~np.ma.getmaskarray(array)
    codes[there] = np.unique(array[there].data, return_inverse=True)[1]
    return codes


def coded(values: Floats) -> Codes:
    codes = np.full(len(values), MISSING, dtype=np.int64)
    there = ~np.isnan(values)
    codes[there] = np.unique(values[there], return_inverse=True)[1]
    return codes


def binned(values: Floats, n: int = 20) -> Codes:
    """Codes of bins that hold equally many values; of few distinct values, each its own bin."""
    codes = coded(values)
    if codes.max(initial=0) < n:
        return codes
    there = codes != MISSING
    inner = np.unique(np.quantile(values[there], np.arange(1, n) / n))
    codes[there] = np.searchsorted(inner, values[there], side="right")
    return codes
