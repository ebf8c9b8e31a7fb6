"""A table as one file to take away: CSV in which no value can act as a formula, or Parquet. Called by queries."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from mlregistry.errors import Invalid
from mlregistry.ml import duck
from mlregistry.ml.duck import Paths
from mlregistry.ml.table_info import Column

FORMATS = {"csv": "text/csv; charset=utf-8", "parquet": "application/vnd.apache.parquet"}
STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def write(parts: Paths, columns: Sequence[Column], target: Path, *, format: str) -> None:
    """Write the rows, in order. In CSV an apostrophe stands before text that a spreadsheet would calculate."""
    if format not in FORMATS:
        raise Invalid(f"The format is one of: {', '.join(FORMATS)}.", field="format")
    chosen = ", ".join(
        _csv_column(column) if format == "csv" else duck.name(column.name) for column in columns
    )
    how = "FORMAT csv, HEADER true" if format == "csv" else "FORMAT parquet, COMPRESSION zstd"
    with duck.connect([*duck.folders(parts), target.parent]) as connection:
        connection.execute(f"COPY (SELECT {chosen} FROM {duck.scan(parts)}) TO {duck.text(target)} ({how})")  # noqa: S608  # duck quotes names and paths, the rest is ours


def neutral(text: str) -> str:
    """The text as it may stand in a cell of a spreadsheet."""
    return f"'{text}" if text.startswith(STARTS) else text


def _csv_column(column: Column) -> str:
    name = duck.name(column.name)
    if column.type == "string":
        acts = " OR ".join(f"starts_with({name}, {duck.text(start)})" for start in STARTS)
        value = f"CASE WHEN {acts} THEN '''' || {name} ELSE {name} END"
    else:
        value = name
    return f"{value} AS {duck.name(neutral(column.name))}"
