"""Logged inputs, a JSON object on each line, as a table that `tables.compare` reads. Called by jobs that check a window
to the last digit.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from mlregistry.lib.lazily import lazily
from mlregistry.ml import duck
from mlregistry.ml.drift.tables import Table
from mlregistry.ml.drift.values import MOST_CATEGORIES, Values, of_counts, of_numbers
from mlregistry.ml.table_info import Limits

if TYPE_CHECKING:
    import duckdb
    import numpy as np

    from mlregistry.ml.drift.sides import Array, Floats
else:
    duckdb, np = lazily("duckdb"), lazily("numpy")

NUMBERS = ("integer", "float")
LIMITS = Limits(memory_mb=640, threads=2)
LONGEST_LINE = 64 * 1024 * 1024


class Chosen:
    """Some columns of a table, under a prefix."""

    def __init__(self, table: Table, names: Sequence[str], prefix: str) -> None:
        known = set(table.names)
        self.table, self.prefix = table, prefix
        self.names = [prefix + name for name in names if name in known]
        self.n_rows = table.n_rows

    def values(self, name: str) -> Values:
        return self.table.values(name.removeprefix(self.prefix))


class LoggedRows:
    """The lines as a table of DuckDB; what does not fit into memory lies beside them."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, types: Mapping[str, str]) -> None:
        self.connection, self.types, self.names = connection, dict(types), list(types)
        self.n_rows = int(connection.execute("SELECT count(*) FROM logged").fetchall()[0][0])

    def values(self, name: str) -> Values:
        column = duck.name(name)
        if self.types[name] in NUMBERS:
            found = self.connection.execute(f"SELECT {column} FROM logged").fetchnumpy()[name]  # noqa: S608  # duck quotes names
            return of_numbers(_whole(np.ma.filled(found, np.nan), self.types[name]))
        pairs = self.connection.execute(
            f"SELECT {column} AS v, count(*) AS n FROM logged GROUP BY v ORDER BY n DESC, v LIMIT {MOST_CATEGORIES + 1}"  # noqa: S608  # the same
        ).fetchall()
        counts = {str(value): int(n) for value, n in pairs if value is not None}
        missing = f"SELECT count(*) FROM logged WHERE {column} IS NULL"  # noqa: S608  # the same
        n_missing = int(self.connection.execute(missing).fetchall()[0][0])
        return of_counts(counts, n_missing, self.n_rows - n_missing - sum(counts.values()))


@contextmanager
def open_lines(lines: Path, types: Mapping[str, str]) -> Iterator[LoggedRows]:
    """The table of the lines: `types` are those of the signature by column. A value of another type is missing."""
    with duck.connect([lines.parent], LIMITS) as connection:
        try:
            connection.execute(_read(lines, types, strict=True))
        except duckdb.Error:  # a value of another type, for which all are read as text first
            connection.execute(_read(lines, types, strict=False))
        yield LoggedRows(connection, types)


def _read(lines: Path, types: Mapping[str, str], *, strict: bool) -> str:
    numbers = {name for name, kind in types.items() if kind in NUMBERS}
    read = ", ".join(
        f"{duck.text(name)}: '{'DOUBLE' if strict and name in numbers else 'VARCHAR'}'" for name in types
    )
    chosen = ", ".join(
        f"TRY_CAST({duck.name(name)} AS DOUBLE) AS {duck.name(name)}" if name in numbers else duck.name(name)
        for name in types
    )
    return (
        f"CREATE OR REPLACE TABLE logged AS SELECT {chosen} FROM read_json({duck.text(lines.resolve())},"  # noqa: S608  # duck quotes names and paths
        f" format = 'newline_delimited', maximum_object_size = {LONGEST_LINE}, columns = {{{read}}})"
    )


def _whole(values: Floats, kind: str) -> Array:
    """As whole numbers where the signature says so and all of them are there."""
    if kind != "integer" or not np.isfinite(values).all():
        return values
    whole = values.astype(np.int64)
    return whole if (whole == values).all() else values
