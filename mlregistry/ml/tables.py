"""Tables of any known format become one checked Parquet file, streamed under a memory limit.

Called by the dataset actions and jobs; `load`, `preview` and `describe` read one file or the parts of a table.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlregistry.errors import Invalid, NotFound, TooLarge
from mlregistry.lib.lazily import lazily
from mlregistry.ml import (
    csv_text,
    duck,
    encodings,
    excel,
    file_types,
    json_lines,
    parquet_files,
    sqlite_files,
    table_figures,
    table_parts,
    typed_csv,
    unpacking,
)
from mlregistry.ml.duck import Paths
from mlregistry.ml.reading import Reading
from mlregistry.ml.table_figures import plain
from mlregistry.ml.table_info import COLUMN_TYPES, NUMERIC_TYPES, Column, Limits, TableInfo

if TYPE_CHECKING:
    import duckdb
    import numpy as np
    import pandas as pd
else:
    duckdb, np, pd = lazily("duckdb"), lazily("numpy"), lazily("pandas")

__all__ = [
    "COLUMN_TYPES",
    "NUMERIC_TYPES",
    "Column",
    "Limits",
    "Reading",
    "TableInfo",
    "convert",
    "describe",
    "join",
    "load",
    "preview",
]

DEFAULT_LIMITS = Limits()
AS_FOUND = Reading()
EXACT = 2.0**53


def convert(
    source: Path, filename: str, target: Path, *, limits: Limits = DEFAULT_LIMITS, reading: Reading = AS_FOUND
) -> TableInfo:
    """Check `source` (named `filename` by its owner) and write `target`; a refused file writes nothing."""
    target.parent.mkdir(parents=True, exist_ok=True)
    scratch = Path(tempfile.mkdtemp(prefix=".convert-", dir=target.parent))
    part = scratch / "table.parquet"
    try:
        if unpacking.is_packed(filename):
            file_types.check_size(source, filename, limits)
            filename = unpacking.unpack(source, filename, scratch / "unpacked", limits)
            source = scratch / "unpacked"
        format = file_types.recognise(source, filename, limits)
        with duck.connect([source.parent, scratch], limits, many_columns=True) as connection:
            notes = _write(connection, source, format, part, reading, limits)
            info = table_figures.describe(connection, part, format, notes)
        _check_rows(info, limits)
        os.replace(part, target)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    return info


def describe(
    parts: Paths, *, format: str = "parquet", notes: Sequence[str] = (), limits: Limits = DEFAULT_LIMITS
) -> TableInfo:
    """The figures of Parquet files that `convert` wrote."""
    with _reader(parts, limits) as connection:
        return table_figures.describe(connection, parts, format, tuple(notes))


def preview(
    parts: Paths, *, offset: int = 0, limit: int = 50, columns: Sequence[str] | None = None
) -> list[dict[str, Any]]:
    """Rows offset … offset + limit − 1 as JSON-able values."""
    with _reader(parts) as connection:
        chosen = _chosen(connection, parts, columns)
        cursor = connection.execute(
            f"SELECT {chosen} FROM {duck.scan(parts)} LIMIT ? OFFSET ?",  # noqa: S608  # duck quotes names and paths, the rest is ours
            [limit, offset],
        )
        names = [column[0] for column in cursor.description or ()]
        return [dict(zip(names, map(plain, row), strict=True)) for row in cursor.fetchall()]


def load(parts: Paths, columns: Sequence[str] | None = None) -> pd.DataFrame:
    """The rows, in order, as a frame; integers with gaps become floats unless those would lose digits (Int64)."""
    with _reader(parts) as connection:
        source = duck.scan(parts)
        chosen = _chosen(connection, parts, columns)
        frame: pd.DataFrame = connection.execute(f"SELECT {chosen} FROM {source}").df()  # noqa: S608  # duck quotes names and paths, the rest is ours
        types = connection.execute(f"DESCRIBE SELECT {chosen} FROM {source}").fetchall()  # noqa: S608  # duck quotes names and paths, the rest is ours
        for name, sql_type, *_ in types:
            if sql_type == "BIGINT" and frame[name].dtype.kind == "f" and frame[name].abs().max() >= EXACT:
                frame[name] = _whole_numbers(connection, source, name)
    return frame


def join(parts: Sequence[Path], target: Path, *, limits: Limits = DEFAULT_LIMITS) -> TableInfo:
    """Tables of the same columns behind one another as one file; Invalid names the column that differs."""
    first = describe(parts[0], limits=limits)
    fitted = [parts[0]]
    for number, part in enumerate(parts[1:], start=1):
        fitted.append(target.with_name(f"{target.stem}-fitted-{number}.parquet"))
        table_parts.fit_rows(part, describe(part, limits=limits), first.columns, fitted[-1], limits)
    table_parts.merge(fitted, target, limits)
    return describe(target, limits=limits)


def _whole_numbers(connection: duckdb.DuckDBPyConnection, source: str, name: str) -> Any:
    """A column of 64-bit numbers with gaps, every digit of it."""
    found: Any = connection.execute(f"SELECT {duck.name(name)} AS v FROM {source}").fetchnumpy()["v"]  # noqa: S608  # duck quotes names and paths, the rest is ours
    return pd.arrays.IntegerArray(np.asarray(found.data), np.ma.getmaskarray(found))


def _reader(parts: Paths, limits: Limits | None = None) -> duckdb.DuckDBPyConnection:
    files = duck.listed(parts)
    if not files or not all(file.is_file() for file in files):
        raise NotFound("The table's file is not there.")
    return duck.connect(duck.folders(files), limits)


def _write(
    connection: duckdb.DuckDBPyConnection,
    source: Path,
    format: str,
    part: Path,
    reading: Reading,
    limits: Limits,
) -> tuple[str, ...]:
    if format == "parquet":
        return parquet_files.write_table(connection, source, part, limits)
    if reading.types and typed_csv.write_table(connection, source, part, reading.types, limits):
        return ()
    scratch = part.parent
    text, note = scratch / "table.csv", None
    if format in ("xlsx", "xls"):
        excel.write_text(source, text, format=format, sheet=reading.sheet, limits=limits)
    elif format == "sqlite":
        found = sqlite_files.write_text(source, text, table=reading.sheet, query=reading.query, limits=limits)
        reading = replace(reading, keep_text=reading.keep_text | found, delimiter="", decimal=".")
    else:
        source, note = encodings.as_utf8(source, scratch, encoding=reading.encoding)
    if format in ("json", "jsonl"):
        json_lines.write_text(source, text, records=reading.records, limits=limits)
    delimiter = {"csv": reading.delimiter, "tsv": "\t"}.get(format, ",")
    chosen = Reading(delimiter=delimiter, decimal=reading.decimal, keep_text=reading.keep_text)
    rows = source if format in ("csv", "tsv") else text
    notes = csv_text.write_table(connection, rows, part, chosen, limits)
    return (note, *notes) if note else notes


def _check_rows(info: TableInfo, limits: Limits) -> None:
    if info.n_rows == 0:
        raise Invalid("The file holds a header but no rows.", field="file")
    if info.n_rows > limits.max_rows:
        raise TooLarge(
            f"The table has {info.n_rows:,} rows; at most {limits.max_rows:,} are allowed.", field="file"
        )


def _chosen(connection: duckdb.DuckDBPyConnection, parts: Paths, columns: Sequence[str] | None) -> str:
    if columns is None:
        return "*"
    known = {
        row[0]
        for row in connection.execute(f"DESCRIBE SELECT * FROM {duck.scan(parts)}").fetchall()  # noqa: S608  # duck quotes names and paths, the rest is ours
    }
    for column in columns:
        if column not in known:
            raise Invalid(f"The table has no column '{column}'.", field=column)
    if not columns:
        raise Invalid("Name at least one column.", field="columns")
    return ", ".join(duck.name(column) for column in columns)
