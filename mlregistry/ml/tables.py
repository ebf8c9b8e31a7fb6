"""Uploaded tables: any known format becomes one checked Parquet file, streamed under a memory limit.

Called by the dataset actions and jobs; `load` and `preview` read the Parquet file back.
"""

from __future__ import annotations

import datetime
import math
import os
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlregistry.errors import Invalid, NotFound, TooLarge
from mlregistry.lib.lazily import lazily
from mlregistry.ml import column_types, csv_text, duck, excel, file_types, json_lines
from mlregistry.ml.table_info import COLUMN_TYPES, NUMERIC_TYPES, Column, Limits, TableInfo, check_names

if TYPE_CHECKING:
    import duckdb
    import pandas as pd
else:
    duckdb, pd = lazily("duckdb"), lazily("pandas")

__all__ = [
    "COLUMN_TYPES",
    "NUMERIC_TYPES",
    "Column",
    "Limits",
    "TableInfo",
    "convert",
    "describe",
    "load",
    "preview",
]

PARQUET_TYPES = {
    "BOOLEAN": "boolean", "VARCHAR": "string", "UUID": "string", "TIME": "string",
    "DATE": "datetime", "TIMESTAMP": "datetime", "TIMESTAMP_NS": "datetime", "TIMESTAMP_MS": "datetime",
    "TIMESTAMP_S": "datetime", "TIMESTAMP WITH TIME ZONE": "datetime",
    "TINYINT": "integer", "SMALLINT": "integer", "INTEGER": "integer", "BIGINT": "integer",
    "UTINYINT": "integer", "USMALLINT": "integer", "UINTEGER": "integer",
    "FLOAT": "float", "DOUBLE": "float", "HUGEINT": "float", "UBIGINT": "float", "UHUGEINT": "float",
}  # fmt: skip
DEFAULT_LIMITS = Limits()
EXACT_DISTINCT_ROWS = 1_000_000
N_EXAMPLES = 5


def convert(source: Path, filename: str, target: Path, *, limits: Limits = DEFAULT_LIMITS) -> TableInfo:
    """Check `source` (named `filename` by its owner) and write `target`; a refused file writes nothing."""
    format = file_types.recognise(source, filename, limits)
    target.parent.mkdir(parents=True, exist_ok=True)
    scratch = Path(tempfile.mkdtemp(prefix=".convert-", dir=target.parent))
    part = scratch / "table.parquet"
    try:
        with duck.connect([source.parent, scratch], limits) as connection:
            if format == "parquet":
                notes = _write_from_parquet(connection, source, part, limits)
            else:
                notes = _write_from_text(
                    connection, _as_text(source, format, scratch, limits), format, part, limits
                )
            info = _describe(connection, part, format, notes)
        _check_rows(info, limits)
        os.replace(part, target)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    return info


def describe(parquet: Path, *, format: str = "parquet", limits: Limits = DEFAULT_LIMITS) -> TableInfo:
    """The figures of a Parquet file that `convert` wrote."""
    with _reader(parquet, limits) as connection:
        return _describe(connection, parquet, format, ())


def preview(
    parquet: Path, *, offset: int = 0, limit: int = 50, columns: Sequence[str] | None = None
) -> list[dict[str, Any]]:
    """Rows offset … offset + limit − 1 as JSON-able values."""
    with _reader(parquet) as connection:
        chosen = _chosen(connection, parquet, columns)
        cursor = connection.execute(
            f"SELECT {chosen} FROM read_parquet({duck.text(parquet)}) LIMIT ? OFFSET ?",  # noqa: S608
            [limit, offset],
        )
        names = [column[0] for column in cursor.description or ()]
        return [dict(zip(names, map(_plain, row), strict=True)) for row in cursor.fetchall()]


def load(parquet: Path, columns: Sequence[str] | None = None) -> pd.DataFrame:
    """The rows, in order, as a frame (integers with gaps become floats)."""
    with _reader(parquet) as connection:
        chosen = _chosen(connection, parquet, columns)
        frame: pd.DataFrame = connection.execute(
            f"SELECT {chosen} FROM read_parquet({duck.text(parquet)})"  # noqa: S608
        ).df()
        return frame


def _reader(parquet: Path, limits: Limits | None = None) -> duckdb.DuckDBPyConnection:
    if not parquet.is_file():
        raise NotFound("The table's file is not there.")
    return duck.connect([parquet.parent], limits)


def _as_text(source: Path, format: str, scratch: Path, limits: Limits) -> Path:
    text = scratch / "table.csv"
    if format in ("xlsx", "xls"):
        excel.write_text(source, text, format=format, limits=limits)
    elif format == "jsonl":
        json_lines.write_text(source, text, limits=limits)
    else:
        return source
    return text


def _write_from_text(
    connection: duckdb.DuckDBPyConnection, source: Path, format: str, part: Path, limits: Limits
) -> tuple[str, ...]:
    delimiter = {"csv": None, "tsv": "\t"}.get(format, ",")
    names, delimiter = csv_text.read_header(source, limits, delimiter=delimiter)
    raw = part.with_name("raw.parquet")
    csv_text.write_raw(connection, source, raw, names=names, delimiter=delimiter, limits=limits)
    choices = column_types.choose(connection, raw, names)
    chosen = ", ".join(
        f"{choice.expression} AS {duck.name(name)}" for choice, name in zip(choices, names, strict=True)
    )
    connection.execute(
        f"COPY (SELECT {chosen} FROM read_parquet({duck.text(raw)})) "  # noqa: S608
        f" TO {duck.text(part)} (FORMAT parquet, COMPRESSION zstd)"
    )
    return tuple(choice.note for choice in choices if choice.note)


def _write_from_parquet(
    connection: duckdb.DuckDBPyConnection, source: Path, part: Path, limits: Limits
) -> tuple[str, ...]:
    try:
        stored = connection.execute(
            f"SELECT name, num_children FROM parquet_schema({duck.text(source)}) OFFSET 1"  # noqa: S608
        ).fetchall()
        if not any(n_children for _, n_children in stored):
            check_names([name for name, _ in stored], limits)
        columns = connection.execute(f"DESCRIBE SELECT * FROM read_parquet({duck.text(source)})").fetchall()  # noqa: S608
        names = check_names([column[0] for column in columns], limits)
        chosen = ", ".join(_cast(raw[0], name, raw[1]) for raw, name in zip(columns, names, strict=True))
        connection.execute(
            f"COPY (SELECT {chosen} FROM read_parquet({duck.text(source)}))"  # noqa: S608
            f" TO {duck.text(part)} (FORMAT parquet, COMPRESSION zstd)"
        )
    except duckdb.Error as error:
        raise Invalid(
            f"The Parquet file cannot be read: {str(error).splitlines()[0]}", field="file"
        ) from error
    return ()


def _cast(stored: str, name: str, sql_type: str) -> str:
    type = "float" if sql_type.startswith("DECIMAL") else PARQUET_TYPES.get(sql_type)
    type = "string" if sql_type.startswith("ENUM") else type
    if type is None:
        raise Invalid(
            f"Column '{name}' holds {sql_type} values; only plain values fit in a table.", field=name
        )
    value = f"CAST({duck.name(stored)} AS {column_types.SQL_TYPES[type]})"
    if type == "float":
        value = f"CASE WHEN isnan({value}) THEN NULL ELSE {value} END"
    return f"{value} AS {duck.name(name)}"


def _describe(
    connection: duckdb.DuckDBPyConnection, parquet: Path, format: str, notes: tuple[str, ...]
) -> TableInfo:
    source = f"read_parquet({duck.text(parquet)})"
    schema = connection.execute(f"DESCRIBE SELECT * FROM {source}").fetchall()  # noqa: S608
    counted = connection.execute(f"SELECT count(*) FROM {source}").fetchone()  # noqa: S608
    n_rows = int(counted[0]) if counted else 0
    head = connection.execute(f"SELECT * FROM {source} LIMIT 1000").fetchall()  # noqa: S608
    columns = []
    for number, (name, sql_type, *_) in enumerate(schema):
        examples = tuple(dict.fromkeys(_plain(row[number]) for row in head if row[number] is not None))[
            :N_EXAMPLES
        ]
        columns.append(_figures(connection, source, name, PARQUET_TYPES[sql_type], n_rows, examples))
    return TableInfo(format, n_rows, len(columns), tuple(columns), notes)


def _figures(
    connection: duckdb.DuckDBPyConnection,
    source: str,
    name: str,
    type: str,
    n_rows: int,
    examples: tuple[Any, ...],
) -> Column:
    column = duck.name(name)
    finite = f"FILTER (isfinite({column}))" if type == "float" else ""
    infinite = f"count(*) FILTER (isinf({column}))" if type == "float" else "0"
    distinct = (
        f"count(DISTINCT {column})" if n_rows <= EXACT_DISTINCT_ROWS else f"approx_count_distinct({column})"
    )
    row = connection.execute(
        f"SELECT count({column}), {distinct}, min({column}) {finite}, max({column}) {finite}, {infinite}"  # noqa: S608
        f" FROM {source}"
    ).fetchone() or (0, 0, None, None, 0)
    return Column(name, type, n_rows - row[0], row[1], _plain(row[2]), _plain(row[3]), examples, row[4])


def _check_rows(info: TableInfo, limits: Limits) -> None:
    if info.n_rows == 0:
        raise Invalid("The file holds a header but no rows.", field="file")
    if info.n_rows > limits.max_rows:
        raise TooLarge(
            f"The table has {info.n_rows:,} rows; at most {limits.max_rows:,} are allowed.", field="file"
        )


def _chosen(connection: duckdb.DuckDBPyConnection, parquet: Path, columns: Sequence[str] | None) -> str:
    if columns is None:
        return "*"
    known = {
        row[0]
        for row in connection.execute(f"DESCRIBE SELECT * FROM read_parquet({duck.text(parquet)})").fetchall()  # noqa: S608
    }
    for column in columns:
        if column not in known:
            raise Invalid(f"The table has no column '{column}'.", field=column)
    if not columns:
        raise Invalid("Name at least one column.", field="columns")
    return ", ".join(duck.name(column) for column in columns)


def _plain(value: Any) -> Any:
    if isinstance(value, datetime.date | datetime.datetime):
        return value.isoformat()
    if isinstance(value, float) and not math.isfinite(value):
        return None if math.isnan(value) else str(value)
    return value
