"""The figures of every column of a table, read from its Parquet parts. Used by tables."""

from __future__ import annotations

import datetime
import math
from typing import TYPE_CHECKING, Any

from mlregistry.lib.lazily import lazily
from mlregistry.ml import duck
from mlregistry.ml.duck import Paths
from mlregistry.ml.parquet_files import stored_type
from mlregistry.ml.table_info import Column, TableInfo

if TYPE_CHECKING:
    import duckdb
else:
    duckdb = lazily("duckdb")

EXACT_DISTINCT = 100_000
"""Distinct values are counted exactly up to here (in small tables always), and estimated above."""

EXACT_ROWS = 50_000
N_EXAMPLES = 5
BATCH = 40


def describe(
    connection: duckdb.DuckDBPyConnection, parts: Paths, format: str, notes: tuple[str, ...]
) -> TableInfo:
    """One pass for the counts, and one more over columns of few values to count those exactly."""
    source = duck.scan(parts)
    schema = connection.execute(f"DESCRIBE SELECT * FROM {source}").fetchall()  # noqa: S608
    types = [(name, stored_type(sql_type)) for name, sql_type, *_ in schema]
    counted = connection.execute(f"SELECT count(*) FROM {source}").fetchone()  # noqa: S608
    n_rows = int(counted[0]) if counted else 0
    head = connection.execute(f"SELECT * FROM {source} LIMIT 1000").fetchall()  # noqa: S608
    columns: list[Column] = []
    for start in range(0, len(types), BATCH):
        batch = types[start : start + BATCH]
        for place, figures in enumerate(_figures(connection, source, batch, n_rows), start=start):
            examples = dict.fromkeys(plain(row[place]) for row in head if row[place] is not None)
            columns.append(_column(types[place], n_rows, figures, tuple(examples)[:N_EXAMPLES]))
    return TableInfo(format, n_rows, len(columns), tuple(columns), notes)


def plain(value: Any) -> Any:
    """As JSON has it."""
    if isinstance(value, datetime.date | datetime.datetime):
        return value.isoformat()
    if isinstance(value, float) and not math.isfinite(value):
        return None if math.isnan(value) else str(value)
    return value


def _figures(
    connection: duckdb.DuckDBPyConnection, source: str, batch: list[tuple[str, str]], n_rows: int
) -> list[list[Any]]:
    """Known values, distinct ones, least, most, infinite ones; of each column of the batch."""
    exact = n_rows <= EXACT_ROWS
    parts = [part for name, type in batch for part in _expressions(name, type, exact)]
    row = connection.execute(f"SELECT {', '.join(parts)} FROM {source}").fetchone() or ()  # noqa: S608
    figures = [list(row[start : start + 5]) for start in range(0, len(row), 5)]
    few = [place for place, found in enumerate(figures) if found[1] <= EXACT_DISTINCT]
    if not exact and few:
        counts = ", ".join(f"count(DISTINCT {duck.name(batch[place][0])})" for place in few)
        again = connection.execute(f"SELECT {counts} FROM {source}").fetchone() or ()  # noqa: S608
        for place, n_distinct in zip(few, again, strict=True):
            figures[place][1] = n_distinct
    return figures


def _expressions(name: str, type: str, exact: bool) -> list[str]:
    column = duck.name(name)
    finite = f"FILTER (isfinite({column}))" if type == "float" else ""
    return [
        f"count({column})",
        f"count(DISTINCT {column})" if exact else f"approx_count_distinct({column})",
        f"min({column}) {finite}",
        f"max({column}) {finite}",
        f"count(*) FILTER (isinf({column}))" if type == "float" else "0",
    ]


def _column(typed: tuple[str, str], n_rows: int, figures: list[Any], examples: tuple[Any, ...]) -> Column:
    n_known, n_distinct, least, most, n_infinite = figures
    name, type = typed
    return Column(
        name,
        type,
        n_rows - n_known,
        min(n_distinct, n_known),
        plain(least),
        plain(most),
        examples,
        n_infinite,
    )
