"""Reads delimited text in UTF-8 into typed Parquet: header and row lengths checked, types chosen on all rows.

Called by tables for CSV and TSV, and for the text that Excel and JSON are turned into. Most files are read once: the
types are chosen on their first rows and held against every other row on the way. Where one does not hold, the
whole is written as text first and the types are chosen on all of it.
"""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from mlregistry.errors import Invalid
from mlregistry.lib.lazily import lazily
from mlregistry.ml import column_types, duck
from mlregistry.ml.column_types import Choice, Wishes
from mlregistry.ml.reading import Reading
from mlregistry.ml.table_info import Limits, check_names

if TYPE_CHECKING:
    import duckdb
else:
    duckdb = lazily("duckdb")

DELIMITERS = ",;\t|"
SAMPLE_BYTES = 256 * 1024
FIRST_ROWS = 8_000
DIFFERS = "a value of another type"
COLUMNS_READ_ONCE = 500
PARQUET = "(FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 1)"


@dataclass(frozen=True)
class Text:
    """A checked header and where the rows are."""

    source: Path
    names: list[str]
    delimiter: str
    limits: Limits


def write_table(
    connection: duckdb.DuckDBPyConnection, source: Path, part: Path, reading: Reading, limits: Limits
) -> tuple[str, ...]:
    """Write `part` and return the notes; Invalid names the row or column that cannot be read."""
    names, delimiter = read_header(source, limits, delimiter=reading.delimiter)
    text = Text(source, names, delimiter, limits)
    wishes = Wishes(reading.keep_text, reading.decimal, decimals_may_be_commas=delimiter != ",")
    choices = _read_once(connection, text, part, wishes)
    if choices is None:
        raw = part.with_name("raw.parquet")
        _write_raw(connection, text, raw)
        clean = part.with_name("clean.parquet")
        choices = column_types.choose(connection, raw, clean, names, wishes)
        _convert(connection, clean, part, names, choices)
    return tuple(choice.note for choice in choices if choice.note)


def read_header(source: Path, limits: Limits, *, delimiter: str = "") -> tuple[list[str], str]:
    """Checked column names and the delimiter (sniffed unless given)."""
    with source.open("rb") as file:
        data = file.read(SAMPLE_BYTES)
        whole = len(data) < SAMPLE_BYTES
    sample = data.decode("utf-8-sig", errors="ignore")
    if not whole and "\n" in sample:
        sample = sample[: sample.rindex("\n") + 1]
    delimiter = delimiter or sniff_delimiter(sample)
    rows = _rows(sample, delimiter)
    if not rows:
        raise Invalid("The file holds no rows.", field="file")
    if rows[0] and rows[0][0].lstrip().startswith(("{", "[")) and '"' in sample[:200] and ":" in sample[:200]:
        raise Invalid("The content looks like JSON; name the file .json or .jsonl.", field="file")
    if whole and len(rows) == 1:
        raise Invalid("The file holds a header but no rows.", field="file")
    return check_names(rows[0], limits), delimiter


def sniff_delimiter(sample: str) -> str:
    """The delimiter under which most rows are as wide as the header; of equals, the one with more columns."""
    best, best_score = ",", (0.0, 1)
    for delimiter in DELIMITERS:
        rows = _rows(sample, delimiter)
        if not rows or len(rows[0]) < 2:
            continue
        agreeing = sum(len(row) == len(rows[0]) for row in rows) / len(rows)
        if (agreeing, len(rows[0])) > best_score:
            best, best_score = delimiter, (agreeing, len(rows[0]))
    return best


def _read_once(
    connection: duckdb.DuckDBPyConnection, text: Text, part: Path, wishes: Wishes
) -> list[Choice] | None:
    """The choices when the first rows told them rightly; None when they must be made on all rows."""
    if len(text.names) > COLUMNS_READ_ONCE or text.source.stat().st_size <= SAMPLE_BYTES:
        return None
    head = part.with_name("head.parquet")
    _write_raw(connection, text, head, limit=FIRST_ROWS)
    choices = column_types.choose(connection, head, part.with_name("clean.parquet"), text.names, wishes)
    if any(choice.note or not choice.sure for choice in choices):
        return None
    columns = ", ".join(
        f"{_held(number, choice)} AS {duck.name(name)}"
        for number, (name, choice) in enumerate(zip(text.names, choices, strict=True))
    )
    try:
        connection.execute(f"COPY (SELECT {columns} FROM {_scan(text)}) TO {duck.text(part)} {PARQUET}")  # noqa: S608
    except duckdb.Error as error:
        if DIFFERS in str(error):
            return None
        raise _unreadable(error) from error
    _check_rejects(connection, text)
    return None if _has_placeholders(connection, part, text.names, choices) else choices


def _held(number: int, choice: Choice) -> str:
    """The value as its type, or an error that ends the reading."""
    column = f"c{number}"
    if choice.type == "string":
        return column
    good = f"{column} IS NULL OR ({choice.holds})"
    return f"CASE WHEN {good} THEN {choice.expression} ELSE error({duck.text(DIFFERS)}) END"


def _has_placeholders(
    connection: duckdb.DuckDBPyConnection, part: Path, names: list[str], choices: list[Choice]
) -> bool:
    """Whether a column of text holds blanks around values, or words that mean missing."""
    texts = [duck.name(name) for name, choice in zip(names, choices, strict=True) if choice.type == "string"]
    if not texts:
        return False
    odd = " OR ".join(f"({column} IS NOT NULL AND NOT {column_types.is_plain(column)})" for column in texts)
    found = connection.execute(f"SELECT 1 FROM {duck.scan(part)} WHERE {odd} LIMIT 1").fetchone()  # noqa: S608
    return found is not None


def _write_raw(
    connection: duckdb.DuckDBPyConnection, text: Text, raw: Path, *, limit: int | None = None
) -> None:
    """Write a Parquet file with text columns c0, c1, …; Invalid names the ragged row."""
    some = f" LIMIT {limit}" if limit else ""
    try:
        connection.execute(f"COPY (SELECT * FROM {_scan(text)}{some}) TO {duck.text(raw)} (FORMAT parquet)")  # noqa: S608
    except duckdb.Error as error:
        raise _unreadable(error) from error
    _check_rejects(connection, text)


def _convert(
    connection: duckdb.DuckDBPyConnection, clean: Path, part: Path, names: list[str], choices: list[Choice]
) -> None:
    chosen = ", ".join(
        f"{choice.expression} AS {duck.name(name)}" for choice, name in zip(choices, names, strict=True)
    )
    connection.execute(f"COPY (SELECT {chosen} FROM {duck.scan(clean)}) TO {duck.text(part)} {PARQUET}")  # noqa: S608


def _scan(text: Text) -> str:
    columns = ", ".join(f"'c{i}': 'VARCHAR'" for i in range(len(text.names)))
    return (
        f"read_csv({duck.text(text.source)}, auto_detect = false, header = true, delim = {duck.text(text.delimiter)},"
        f" quote = '\"', escape = '\"', columns = {{{columns}}}, nullstr = '', strict_mode = true,"
        f" store_rejects = true, rejects_limit = 5, max_line_size = {text.limits.max_line_bytes},"
        f" buffer_size = {text.limits.max_line_bytes * 2})"
    )


def _check_rejects(connection: duckdb.DuckDBPyConnection, text: Text) -> None:
    rejects = connection.execute(
        "SELECT DISTINCT line, error_type, error_message FROM reject_errors ORDER BY line LIMIT 5"
    ).fetchall()
    if rejects:
        details = [f"Row {line}: {_reason(kind, message)}" for line, kind, message in rejects]
        raise Invalid(
            f"{details[0]} (the header has {len(text.names)} columns).", field="file", details=details
        )


def _rows(sample: str, delimiter: str) -> list[list[str]]:
    try:
        return [row for row in csv.reader(io.StringIO(sample, newline=""), delimiter=delimiter) if row]
    except csv.Error:
        return []


def _reason(kind: str, message: str) -> str:
    if kind in ("MISSING COLUMNS", "TOO MANY COLUMNS"):
        found = message.rsplit(":", 1)[-1].strip()
        return f"found {found} values" if found.isdigit() else "has another number of values than the header"
    if kind == "UNQUOTED VALUE":
        return "a quotation mark is not closed or stands inside a value"
    if kind == "LINE SIZE OVER MAXIMUM":
        return "the line is too long"
    return message.splitlines()[0].rstrip(".")


def _unreadable(error: Exception) -> Invalid:
    return Invalid(f"The text cannot be read as a table: {str(error).splitlines()[0]}", field="file")
