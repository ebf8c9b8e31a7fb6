"""Counts over many columns of a Parquet file, in few statements. Used by column_types and table_figures.

Planning a statement takes milliseconds for each expression in it. Of few rows, the values of many columns are therefore
stacked into one column, so that an expression is planned once; of many rows, planning costs less than stacking.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from mlregistry.lib.lazily import lazily

if TYPE_CHECKING:
    import duckdb
else:
    duckdb = lazily("duckdb")

BATCH = 40
STACKED_VALUES = 2_000_000
MOST_STACKED = 1_000
STACKED_ROWS = STACKED_VALUES // BATCH

Expressions = Callable[[str], Sequence[str]]


def rows(connection: duckdb.DuckDBPyConnection, source: str) -> int:
    counted = connection.execute(f"SELECT count(*) FROM {source}").fetchone()  # noqa: S608  # duck quotes names and paths, the rest is ours
    return int(counted[0]) if counted else 0


def count(
    connection: duckdb.DuckDBPyConnection,
    source: str,
    columns: Sequence[str],
    expressions: Expressions,
    n_rows: int,
) -> list[list[Any]]:
    """The aggregates that `expressions` makes of each column's SQL; the columns have one type."""
    found: list[list[Any]] = []
    stacked = 0 < n_rows <= STACKED_ROWS and len(columns) > 1
    size = min(MOST_STACKED, STACKED_VALUES // n_rows) if stacked else BATCH
    for start in range(0, len(columns), size):
        batch = columns[start : start + size]
        found += (_stacked if stacked else _side_by_side)(connection, source, batch, expressions)
    return found


def _side_by_side(
    connection: duckdb.DuckDBPyConnection, source: str, batch: Sequence[str], expressions: Expressions
) -> list[list[Any]]:
    parts = [expressions(column) for column in batch]
    chosen = ", ".join(part for some in parts for part in some)
    row = connection.execute(f"SELECT {chosen} FROM {source}").fetchone() or ()  # noqa: S608  # duck quotes names and paths, the rest is ours
    width = len(parts[0])
    return [list(row[start : start + width]) for start in range(0, len(row), width)]


def _stacked(
    connection: duckdb.DuckDBPyConnection, source: str, batch: Sequence[str], expressions: Expressions
) -> list[list[Any]]:
    chosen = ", ".join(expressions("v"))
    values = f"unnest([{', '.join(batch)}]) AS v, unnest(range({len(batch)})) AS place"
    rows = connection.execute(
        f"SELECT place, {chosen} FROM (SELECT {values} FROM {source}) GROUP BY place ORDER BY place"  # noqa: S608  # duck quotes names and paths, the rest is ours
    ).fetchall()
    return [list(row[1:]) for row in rows]
