"""A locked DuckDB connection that sees the named folders only, and the quoting of its SQL. Used by tables."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from mlregistry.lib.lazily import lazily
from mlregistry.ml.table_info import Limits

if TYPE_CHECKING:
    import duckdb
else:
    duckdb = lazily("duckdb")

Paths = Path | Sequence[Path]
"""A table on disk: one Parquet file, or the parts whose rows follow one another."""


def connect(
    folders: Iterable[Path], limits: Limits | None = None, *, many_columns: bool = False
) -> duckdb.DuckDBPyConnection:
    """An in-memory database that may read and write below `folders`, spilling into the last of them.

    With `many_columns` it looks for no expression that occurs twice, and makes no join of an IN: both take time and
    memory with the square of the columns, and the first computes for every row what a CASE asks of a few.
    """
    limits = limits or Limits()
    places = [str(folder.resolve()) for folder in folders]
    connection = duckdb.connect(":memory:")
    connection.execute(f"SET memory_limit = '{limits.memory_mb}MB'")
    connection.execute(f"SET threads = {limits.threads}")
    connection.execute(f"SET temp_directory = {text(places[-1] + '/.spill')}")
    connection.execute(f"SET allowed_directories = [{', '.join(text(place) for place in places)}]")
    connection.execute("SET TimeZone = 'UTC'")
    if many_columns:
        connection.execute("SET disabled_optimizers = 'common_subexpressions,in_clause'")
    connection.execute("SET enable_external_access = false")
    connection.execute("SET lock_configuration = true")
    return connection


def listed(paths: Paths) -> list[Path]:
    """The files of a table, in order."""
    return [paths] if isinstance(paths, Path) else list(paths)


def folders(paths: Paths) -> list[Path]:
    """Where the files of a table lie, for `connect`."""
    return list(dict.fromkeys(path.parent for path in listed(paths)))


def scan(paths: Paths) -> str:
    """The rows of all parts, in order; parts may keep a narrower type of a column than the whole has."""
    files = listed(paths)
    if len(files) == 1:
        return f"read_parquet({text(files[0])})"
    return f"read_parquet([{', '.join(text(file) for file in files)}], union_by_name = true)"


def text(value: str | Path) -> str:
    """An SQL string."""
    return "'" + str(value).replace("'", "''") + "'"


def name(value: str) -> str:
    """An SQL identifier."""
    return '"' + value.replace('"', '""') + '"'
