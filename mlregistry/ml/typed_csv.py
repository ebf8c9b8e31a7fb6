"""Reads CSV whose column types are known beforehand into Parquet in one pass. Called by tables for what databases send.

Nothing is guessed: a text such as NA or 00123 is what the database holds, for it has a sign of its own for missing.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from mlregistry.lib.lazily import lazily
from mlregistry.ml import duck
from mlregistry.ml.column_types import SQL_TYPES
from mlregistry.ml.table_info import Limits, check_names

if TYPE_CHECKING:
    import duckdb
else:
    duckdb = lazily("duckdb")

LONGEST_LINE = 2_000_000
PARQUET = "(FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 1)"
READ_AS = {"datetime": "VARCHAR"}
"""Not as a time at once: `infinity` would be one."""


def write_table(
    connection: duckdb.DuckDBPyConnection,
    source: Path,
    part: Path,
    types: Mapping[str, str],
    limits: Limits,
) -> bool:
    """Write `part`, the columns in the order of `types`; False when a value is not of its type, and nothing counts."""
    names = check_names(list(types), limits)
    chosen = ", ".join(
        f"{_value(f'c{place}', type)} AS {duck.name(name)}"
        for place, (name, type) in enumerate(zip(names, types.values(), strict=True))
    )
    rows = f"SELECT {chosen} FROM {_scan(source, types)}"  # noqa: S608  # duck quotes names and paths, the rest is ours
    try:
        connection.execute(f"COPY ({rows}) TO {duck.text(part)} {PARQUET}")
    except duckdb.Error:
        return False
    return True


def _value(column: str, type: str) -> str:
    if type == "float":
        return f"CASE WHEN NOT isnan({column}) THEN {column} END"
    if type == "datetime":
        moment = f"CAST({column} AS TIMESTAMP)"
        other = f"WHEN {column} IS NOT NULL THEN error('no time')"
        return f"CASE WHEN {column} LIKE '____-__-__%' THEN {moment} {other} END"
    return column


def _scan(source: Path, types: Mapping[str, str]) -> str:
    columns = ", ".join(
        f"'c{place}': '{READ_AS.get(type, SQL_TYPES[type])}'" for place, type in enumerate(types.values())
    )
    return (
        f"read_csv({duck.text(source)}, auto_detect = false, header = true, delim = ',', quote = '\"', escape = '\"',"
        f" columns = {{{columns}}}, nullstr = '', strict_mode = true, max_line_size = {LONGEST_LINE},"
        f" buffer_size = {LONGEST_LINE * 4})"
    )
