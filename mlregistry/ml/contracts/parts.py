"""A table of several Parquet parts, read through a locked DuckDB. Used by checks and by proposals of contracts."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlregistry.errors import NotFound
from mlregistry.lib.lazily import lazily
from mlregistry.ml import duck
from mlregistry.ml.parquet_files import stored_type
from mlregistry.ml.table_info import Limits

if TYPE_CHECKING:
    import duckdb
else:
    duckdb = lazily("duckdb")

MEMORY = Limits(memory_mb=512)


@dataclass(frozen=True)
class Table:
    """An open table: `types` maps each column to one of COLUMN_TYPES, in order."""

    connection: duckdb.DuckDBPyConnection
    source: str
    types: Mapping[str, str]
    n_rows: int

    def one(self, expressions: str, where: str = "") -> tuple[Any, ...]:
        """The single row of an aggregate."""
        row = self.connection.execute(f"SELECT {expressions} FROM {self.source} {where}").fetchone()  # noqa: S608  # duck quotes names and paths, the rest is ours
        return tuple(row or ())

    def all(self, sql: str) -> list[tuple[Any, ...]]:
        """The rows of a query; `{t}` in it is the table."""
        rows: list[tuple[Any, ...]] = self.connection.execute(sql.replace("{t}", self.source)).fetchall()
        return rows

    def first_rows(self, column: str, condition: str, limit: int) -> list[tuple[int, Any]]:
        """Number (from 1) and value of the first rows for which `condition` holds."""
        counter = free_name(self.types)
        value = duck.name(column)
        found: list[tuple[int, Any]] = self.connection.execute(
            f"SELECT {counter}, {value} FROM (SELECT *, row_number() OVER () AS {counter}"  # noqa: S608  # duck quotes names and paths, the rest is ours
            f" FROM {self.source}) WHERE {condition} ORDER BY {counter} LIMIT {int(limit)}"
        ).fetchall()
        return found


@contextmanager
def opened(parts: Sequence[Path]) -> Iterator[Table]:
    """The parts as one table, in their order; it spills into a folder of its own."""
    if not parts:
        raise NotFound("The version has no files.")
    for part in parts:
        if not part.is_file():
            raise NotFound("The table's file is not there.")
    with tempfile.TemporaryDirectory(prefix="check-") as scratch:
        folders = [*dict.fromkeys(part.parent for part in parts), Path(scratch)]
        with duck.connect(folders, MEMORY) as connection:
            yield read(connection, parts)


def read(connection: duckdb.DuckDBPyConnection, parts: Sequence[Path]) -> Table:
    """The table on a connection that may see the parts."""
    source = duck.scan([part.resolve() for part in parts])
    rows = connection.execute(f"DESCRIBE SELECT * FROM {source}").fetchall()  # noqa: S608  # duck quotes names and paths, the rest is ours
    counted = connection.execute(f"SELECT count(*) FROM {source}").fetchone()  # noqa: S608  # duck quotes names and paths, the rest is ours
    types = {name: stored_type(sql_type) for name, sql_type, *_ in rows}
    return Table(connection, source, types, int(counted[0]) if counted else 0)


def free_name(taken: Mapping[str, Any]) -> str:
    """An SQL name that no column bears."""
    lowered = {name.lower() for name in taken}
    name = "row_number_"
    while name in lowered:
        name += "_"
    return duck.name(name)
