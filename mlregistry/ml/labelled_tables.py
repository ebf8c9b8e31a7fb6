"""A table to train again on: the rows of before and what was logged since, with its truth. Retraining calls it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from mlregistry.errors import Invalid
from mlregistry.ml import duck
from mlregistry.ml.column_types import SQL_TYPES
from mlregistry.ml.duck import Paths
from mlregistry.ml.table_info import Column, Limits

if TYPE_CHECKING:
    import duckdb

SEED = 20_251
MEMORY_MB = 1024


@dataclass(frozen=True)
class Wanted:
    """`columns` are those of the table, in order; what the log has no value for is missing in its rows.

    `order` is a column of times that is filled with those of the predictions. Of more than `most_rows` the rows of
    before are thinned out.
    """

    columns: Sequence[Column]
    target: str
    most_rows: int
    with_original: bool = True
    order: str = ""


@dataclass(frozen=True)
class Joined:
    """Rows by where they came from; `n_unreadable` of the log hold a value that the column's type cannot."""

    n_original: int
    n_labelled: int
    n_unreadable: int


def join(original: Paths, lines: Path, target: Path, wanted: Wanted) -> Joined:
    """Writes `target` as Parquet; `lines` hold {"input": …, "truth": …, "moment": …} each.

    Whole numbers that came with a fraction make their column one of decimals. Invalid when nothing is left.
    """
    limits = Limits(memory_mb=MEMORY_MB, threads=1)  # one thread, so that a sample is the same each time
    with duck.connect([*duck.folders(original), lines.parent, target.parent], limits) as connection:
        source = (
            f"read_json({duck.text(lines)}, format = 'newline_delimited',"
            " columns = {input: 'JSON', truth: 'JSON', moment: 'TIMESTAMPTZ'})"
        )
        connection.execute(f"CREATE TABLE logged AS SELECT {_texts(wanted)} FROM {source}")  # noqa: S608  # duck quotes
        types = {column.name: _type(connection, column) for column in wanted.columns}
        read, good = _read(wanted, types), _good(wanted, types)
        n_logged, n_good = _count(connection, "logged"), _count(connection, f"logged WHERE {good}")
        if not n_good:
            raise Invalid("Not one labelled row can be read as the training data have it.")
        n_original = _n_original(connection, original, wanted, n_good)
        parts = [f"SELECT {read} FROM logged WHERE {good}"]  # noqa: S608  # duck quotes the names
        if n_original:
            names = ", ".join(duck.name(column.name) for column in wanted.columns)
            sample = f" USING SAMPLE reservoir({n_original} ROWS) REPEATABLE ({SEED})"
            parts.insert(0, f"(SELECT {names} FROM {duck.scan(original)}{sample})")  # noqa: S608  # duck quotes
        connection.execute(
            f"COPY ({' UNION ALL '.join(parts)}) TO {duck.text(target)} (FORMAT parquet, COMPRESSION zstd)"
        )
    return Joined(n_original, n_good, n_logged - n_good)


def _texts(wanted: Wanted) -> str:
    """Each column as the text that the log has of it."""
    return ", ".join(f"{_text(column, wanted)} AS {duck.name(column.name)}" for column in wanted.columns)


def _text(column: Column, wanted: Wanted) -> str:
    if column.name == wanted.target:
        return "truth ->> '$'"
    if column.name == wanted.order and column.type == "datetime":
        return "CAST(CAST(moment AS TIMESTAMP) AS VARCHAR)"
    pointer = "/" + column.name.replace("~", "~0").replace("/", "~1")
    return f"input ->> {duck.text(pointer)}"


def _type(connection: duckdb.DuckDBPyConnection, column: Column) -> str:
    if column.type != "integer":
        return SQL_TYPES[column.type]
    number = f"TRY_CAST({duck.name(column.name)} AS DOUBLE)"
    return "DOUBLE" if _count(connection, f"logged WHERE {number} <> floor({number})") else "BIGINT"


def _read(wanted: Wanted, types: dict[str, str]) -> str:
    return ", ".join(f"{_cast(column, types)} AS {duck.name(column.name)}" for column in wanted.columns)


def _cast(column: Column, types: dict[str, str]) -> str:
    return f"TRY_CAST({duck.name(column.name)} AS {types[column.name]})"


def _good(wanted: Wanted, types: dict[str, str]) -> str:
    """What has a truth, and no value that cannot be read."""
    rules = [
        f"{_cast(column, types)} IS NOT NULL"
        if column.name == wanted.target
        else f"({_cast(column, types)} IS NOT NULL OR {duck.name(column.name)} IS NULL)"
        for column in wanted.columns
    ]
    return " AND ".join(rules)


def _n_original(
    connection: duckdb.DuckDBPyConnection, original: Paths, wanted: Wanted, n_labelled: int
) -> int:
    if not wanted.with_original:
        return 0
    return min(_count(connection, duck.scan(original)), max(0, wanted.most_rows - n_labelled))


def _count(connection: duckdb.DuckDBPyConnection, of: str) -> int:
    found = connection.execute(f"SELECT count(*) FROM {of}").fetchone()  # noqa: S608  # of this module
    return int(found[0]) if found else 0
