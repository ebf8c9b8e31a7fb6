"""The columns of Parquet files as the values that drift compares. Called by jobs and benchmarks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from mlregistry.ml.drift.judging import Amounts
from mlregistry.ml.drift.values import (
    DATETIME,
    MOST_CATEGORIES,
    OtherValues,
    Values,
    of_counts,
    of_numbers,
)
from mlregistry.ml.profiling.limits import ProfileLimits
from mlregistry.ml.profiling.source import Field, Source, opened

LIMITS = ProfileLimits(memory_mb=256)


class ParquetTable:
    """An open table. Its columns are read one at a time."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.fields = {field.name: field for field in source.fields}
        self.names = list(self.fields)
        self.n_rows = source.n_rows

    def values(self, name: str) -> Values:
        field = self.fields[name]
        if field.type in ("integer", "float"):
            values = next(iter(self.source.columns([field])))[1]
            return of_numbers(values.array, values.n_missing)
        if field.type == "datetime":
            return OtherValues(Amounts(self.n_rows, self.n_rows - self._n_present(field)), DATETIME)
        return self._categories(field)

    def _n_present(self, field: Field) -> int:
        sql = f"SELECT count({field.value}) FROM {self.source.table}"  # noqa: S608  # the source quotes its names
        return int(self.source.rows(sql)[0][0])

    def _categories(self, field: Field) -> Values:
        """Counted by value; of more of them than are compared, the most frequent."""
        total = self._n_present(field)
        pairs = self.source.rows(
            f"SELECT CAST({field.value} AS VARCHAR) AS v, count(*) AS n FROM {self.source.table}"  # noqa: S608  # the same
            f" WHERE v IS NOT NULL GROUP BY v ORDER BY n DESC, v LIMIT {MOST_CATEGORIES}"
        )
        counts = {str(value): int(n) for value, n in pairs}
        return of_counts(counts, self.n_rows - total, total - sum(counts.values()))


@contextmanager
def open_table(parts: Sequence[Path], limits: ProfileLimits = LIMITS) -> Iterator[ParquetTable]:
    """The table of these files; NotFound when one is not there, Invalid when one cannot be read."""
    with opened(parts, limits) as source:
        yield ParquetTable(source)
