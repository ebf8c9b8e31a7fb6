"""The figures of every column of a table, read from its Parquet parts. Used by tables."""

from __future__ import annotations

import datetime
import math
from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from mlregistry.lib.lazily import lazily
from mlregistry.ml import column_counts, duck, parquet_stats
from mlregistry.ml.duck import Paths
from mlregistry.ml.parquet_files import stored_type
from mlregistry.ml.parquet_stats import Figures
from mlregistry.ml.table_info import Column, TableInfo

if TYPE_CHECKING:
    import duckdb
else:
    duckdb = lazily("duckdb")

EXACT_DISTINCT = 100_000
"""Distinct values are counted exactly up to here (in small tables always), and estimated above."""

EXACT_ROWS = 50_000
N_EXAMPLES = 5
HEAD = 1_000
BATCH = 40


def describe(
    connection: duckdb.DuckDBPyConnection, parts: Paths, format: str, notes: tuple[str, ...]
) -> TableInfo:
    """Bounds and gaps from the footers where they tell them; the rows are read for the rest."""
    source = duck.scan(parts)
    schema = connection.execute(f"DESCRIBE SELECT * FROM {source}").fetchall()  # noqa: S608  # duck quotes names and paths, the rest is ours
    types = {name: stored_type(sql_type) for name, sql_type, *_ in schema}
    n_rows = column_counts.rows(connection, source)
    known = parquet_stats.of(connection, parts)
    bounds = {name: _told(known.get(name)) for name in types}
    untold = [name for name, told in bounds.items() if told is None]
    bounds |= _bounds(connection, source, {name: types[name] for name in untold})
    distinct = _distinct(connection, source, schema, known, n_rows)
    examples = _examples(connection, source, list(types))
    columns = tuple(
        _column((name, type), n_rows, distinct[name], bounds[name] or [0] * 4, examples[name])
        for name, type in types.items()
    )
    return TableInfo(format, n_rows, len(columns), columns, notes)


def plain(value: Any) -> Any:
    """As JSON has it."""
    if isinstance(value, datetime.date | datetime.datetime):
        return value.isoformat()
    if isinstance(value, float) and not math.isfinite(value):
        return None if math.isnan(value) else str(value)
    return value


def _told(figures: Figures | None) -> list[Any] | None:
    """Known values, least, most, infinite ones, when the footers tell them."""
    if figures is None or (figures.n_known and (figures.least is None or figures.most is None)):
        return None
    return [figures.n_known, figures.least, figures.most, 0]


def _bounds(
    connection: duckdb.DuckDBPyConnection, source: str, types: dict[str, str]
) -> dict[str, list[Any] | None]:
    """The same from the rows."""
    found: dict[str, list[Any] | None] = {}
    for batch in _batches(list(types)):
        parts = [part for name in batch for part in _expressions(name, types[name])]
        row = connection.execute(f"SELECT {', '.join(parts)} FROM {source}").fetchone() or ()  # noqa: S608  # duck quotes names and paths, the rest is ours
        found |= {name: list(row[4 * place : 4 * place + 4]) for place, name in enumerate(batch)}
    return found


def _expressions(name: str, type: str) -> list[str]:
    column = duck.name(name)
    finite = f"FILTER (isfinite({column}))" if type == "float" else ""
    return [
        f"count({column})",
        f"min({column}) {finite}",
        f"max({column}) {finite}",
        f"count(*) FILTER (isinf({column}))" if type == "float" else "0",
    ]


def _distinct(
    connection: duckdb.DuckDBPyConnection,
    source: str,
    schema: Sequence[tuple[Any, ...]],
    known: dict[str, Figures],
    n_rows: int,
) -> dict[str, int]:
    """Distinct values of each column: exact in small tables, and where there are few."""
    names = [name for name, *_ in schema]
    found: dict[str, int] = {}
    if n_rows > EXACT_ROWS:
        many = [name for name in names if _most_distinct(known.get(name)) > EXACT_DISTINCT]
        for batch in _batches(many):
            counts = ", ".join(f"approx_count_distinct({duck.name(name)})" for name in batch)
            row = connection.execute(f"SELECT {counts} FROM {source}").fetchone() or ()  # noqa: S608  # duck quotes names and paths, the rest is ours
            found |= {name: n for name, n in zip(batch, row, strict=True) if n > EXACT_DISTINCT}
    alike = defaultdict(list)
    for name, sql_type, *_ in schema:
        if name not in found:
            alike[sql_type].append(name)
    for some in alike.values():
        columns = [duck.name(name) for name in some]
        counted = column_counts.count(connection, source, columns, lambda v: [f"count(DISTINCT {v})"], n_rows)
        found |= {name: int(n) for name, (n,) in zip(some, counted, strict=True)}
    return found


def _most_distinct(figures: Figures | None) -> float:
    """A bound of the distinct values, by the range of whole numbers or by what the row groups hold."""
    if figures is None:
        return math.inf
    few = math.inf if figures.most_distinct is None else figures.most_distinct
    if type(figures.least) in (int, bool) and type(figures.most) in (int, bool):
        few = min(few, figures.most - figures.least + 1)
    return min(few, figures.n_known)


def _examples(
    connection: duckdb.DuckDBPyConnection, source: str, names: list[str]
) -> dict[str, tuple[Any, ...]]:
    """The first different values of each column in the table's first rows; most columns show them at once."""
    found: dict[str, tuple[Any, ...]] = {}
    left = names
    for n_rows in (HEAD // 20, HEAD):
        chosen = ", ".join(duck.name(name) for name in left)
        rows = connection.execute(f"SELECT {chosen} FROM {source} LIMIT {n_rows}").fetchall() if left else []  # noqa: S608  # duck quotes names and paths, the rest is ours
        for name, values in zip(left, zip(*rows, strict=True), strict=bool(rows)):
            different = dict.fromkeys(value for value in values if value is not None)
            found[name] = tuple(dict.fromkeys(map(plain, different)))[:N_EXAMPLES]
        left = [name for name in left if len(found.get(name, ())) < N_EXAMPLES]
        if len(rows) < n_rows:
            break
    return {name: found.get(name, ()) for name in names}


def _batches(names: list[str]) -> Iterator[list[str]]:
    return (names[start : start + BATCH] for start in range(0, len(names), BATCH))


def _column(
    typed: tuple[str, str], n_rows: int, n_distinct: int, bounds: list[Any], examples: tuple[Any, ...]
) -> Column:
    n_known, least, most, n_infinite = bounds
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
