"""Logged inputs, a JSON object on each line, as a table that `tables.compare` reads. Called by jobs that check a window
to the last digit.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from mlregistry.ml import duck
from mlregistry.ml.drift.parquet_rows import open_table
from mlregistry.ml.drift.tables import Table
from mlregistry.ml.drift.values import Values
from mlregistry.ml.table_info import Limits

SQL_TYPES = {"integer": "BIGINT", "float": "DOUBLE"}  # all others are read as text
LIMITS = Limits(memory_mb=768)


class Chosen:
    """Some columns of a table, under a prefix."""

    def __init__(self, table: Table, names: Sequence[str], prefix: str) -> None:
        known = set(table.names)
        self.table, self.prefix = table, prefix
        self.names = [prefix + name for name in names if name in known]
        self.n_rows = table.n_rows

    def values(self, name: str) -> Values:
        return self.table.values(name.removeprefix(self.prefix))


@contextmanager
def open_lines(lines: Path, types: Mapping[str, str]) -> Iterator[Table]:
    """The table of the lines: `types` are those of the signature by column. A value of another type is missing.

    A Parquet file is written beside the lines.
    """
    target = lines.with_suffix(".parquet")
    texts = ", ".join(f"{duck.text(name)}: 'VARCHAR'" for name in types)
    chosen = ", ".join(_read(name, SQL_TYPES.get(kind)) for name, kind in types.items())
    with duck.connect([lines.parent], LIMITS) as connection:
        connection.execute(
            f"COPY (SELECT {chosen} FROM read_json({duck.text(lines.resolve())},"  # noqa: S608  # duck quotes names and paths
            f" format = 'newline_delimited', columns = {{{texts}}}))"
            f" TO {duck.text(target.resolve())} (FORMAT parquet)"
        )
    with open_table([target]) as table:
        yield table


def _read(name: str, sql_type: str | None) -> str:
    quoted = duck.name(name)
    return f"TRY_CAST({quoted} AS {sql_type}) AS {quoted}" if sql_type else quoted
