"""Parquet of others becomes Parquet of ours: checked names, five plain types, no digit lost. Used by tables."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from mlregistry.errors import Invalid
from mlregistry.lib.lazily import lazily
from mlregistry.ml import duck
from mlregistry.ml.column_types import SQL_TYPES
from mlregistry.ml.table_info import Limits, check_names

if TYPE_CHECKING:
    import duckdb
else:
    duckdb = lazily("duckdb")

TYPES = {
    "BOOLEAN": "boolean", "VARCHAR": "string", "UUID": "string", "TIME": "string", '"NULL"': "string",
    "DATE": "datetime", "TIMESTAMP": "datetime", "TIMESTAMP_NS": "datetime", "TIMESTAMP_MS": "datetime",
    "TIMESTAMP_S": "datetime", "TIMESTAMP WITH TIME ZONE": "datetime",
    "TINYINT": "integer", "SMALLINT": "integer", "INTEGER": "integer", "BIGINT": "integer",
    "UTINYINT": "integer", "USMALLINT": "integer", "UINTEGER": "integer",
    "FLOAT": "float", "DOUBLE": "float", "HUGEINT": "long", "UBIGINT": "long", "UHUGEINT": "long",
}  # fmt: skip
LARGEST = 2**63 - 1


def stored_type(sql_type: str) -> str:
    """One of COLUMN_TYPES for a column of a stored table; lists, structures and the like are read as their text."""
    type = "float" if sql_type.startswith("DECIMAL") else TYPES.get(sql_type, "string")
    return "float" if type == "long" else type


def write_table(
    connection: duckdb.DuckDBPyConnection, source: Path, part: Path, limits: Limits
) -> tuple[str, ...]:
    """Write `part`; Invalid for a file that cannot be read or a column that is no plain value."""
    try:
        stored = connection.execute(
            f"SELECT name, num_children FROM parquet_schema({duck.text(source)}) OFFSET 1"  # noqa: S608  # duck quotes names and paths, the rest is ours
        ).fetchall()
        if not any(n_children for _, n_children in stored):
            check_names([name for name, _ in stored], limits)
        columns = connection.execute(f"DESCRIBE SELECT * FROM {duck.scan(source)}").fetchall()  # noqa: S608  # duck quotes names and paths, the rest is ours
        names = check_names([column[0] for column in columns], limits)
        chosen = [_cast(connection, source, c[0], name, c[1]) for c, name in zip(columns, names, strict=True)]
        connection.execute(
            f"COPY (SELECT {', '.join(chosen)} FROM {duck.scan(source)})"  # noqa: S608  # duck quotes names and paths, the rest is ours
            f" TO {duck.text(part)} (FORMAT parquet, COMPRESSION zstd)"
        )
    except (duckdb.Error, UnicodeDecodeError) as error:
        raise Invalid(
            f"The Parquet file cannot be read: {str(error).splitlines()[0]}", field="file"
        ) from error
    return ()


def _cast(connection: duckdb.DuckDBPyConnection, source: Path, stored: str, name: str, sql_type: str) -> str:
    type = TYPES.get(sql_type)
    if sql_type.startswith("DECIMAL"):
        type = "long" if sql_type.endswith(",0)") else "float"
    type = "string" if sql_type.startswith("ENUM") else type
    if type is None:
        raise Invalid(
            f"Column '{name}' holds {sql_type} values; only plain values fit in a table.", field=name
        )
    column = duck.name(stored)
    if type == "long":
        type = _of_long(connection, source, column)
    value = f"CAST({column} AS {SQL_TYPES[type]})"
    if type == "float":
        value = f"CASE WHEN isnan({value}) THEN NULL ELSE {value} END"
    return f"{value} AS {duck.name(name)}"


def _of_long(connection: duckdb.DuckDBPyConnection, source: Path, column: str) -> str:
    """Whole numbers of more than 64 bits: integers when all of them fit, else text, for a float would round them."""
    found = connection.execute(
        f"SELECT coalesce(max({column}) <= {LARGEST} AND min({column}) >= -{LARGEST}, true) FROM {duck.scan(source)}"  # noqa: S608  # duck quotes names and paths, the rest is ours
    ).fetchone()
    return "integer" if found and found[0] else "string"
