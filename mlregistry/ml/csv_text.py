"""Reads delimited text into an all-text Parquet file after checking encoding, header and row lengths.

Called by tables for CSV and TSV, and for the text that Excel and JSON lines are turned into.
"""

from __future__ import annotations

import codecs
import csv
import io
from pathlib import Path
from typing import TYPE_CHECKING

from mlregistry.errors import Invalid
from mlregistry.lib.lazily import lazily
from mlregistry.ml import duck
from mlregistry.ml.table_info import Limits, check_names

if TYPE_CHECKING:
    import duckdb
else:
    duckdb = lazily("duckdb")

DELIMITERS = ",;\t|"
SAMPLE_BYTES = 256 * 1024
CHUNK_BYTES = 1024 * 1024


def read_header(source: Path, limits: Limits, *, delimiter: str | None = None) -> tuple[list[str], str]:
    """Checked column names and the delimiter (sniffed unless given); Invalid for bad encoding and names."""
    check_encoding(source)
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
        raise Invalid("The content looks like JSON; name the file .jsonl, one object per line.", field="file")
    if whole and len(rows) == 1:
        raise Invalid("The file holds a header but no rows.", field="file")
    return check_names(rows[0], limits), delimiter


def check_encoding(source: Path) -> None:
    """Invalid with the row of the first byte that is not UTF-8, or of a NUL byte."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    row = 1
    with source.open("rb") as file:
        while chunk := file.read(CHUNK_BYTES):
            pending = decoder.getstate()[0]
            try:
                decoder.decode(chunk)
            except UnicodeDecodeError as error:
                row += (pending + chunk)[: error.start].count(b"\n")
                raise _bad_encoding(row) from error
            if b"\x00" in chunk:
                row += chunk[: chunk.index(b"\x00")].count(b"\n")
                raise Invalid(f"Row {row} holds a NUL byte; this is not a text file.", field="file")
            row += chunk.count(b"\n")
    if decoder.getstate()[0]:
        raise _bad_encoding(row)


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


def write_raw(
    connection: duckdb.DuckDBPyConnection,
    source: Path,
    raw: Path,
    *,
    names: list[str],
    delimiter: str,
    limits: Limits,
) -> None:
    """Write `raw`, a Parquet file with text columns c0, c1, …; Invalid names the ragged row."""
    columns = ", ".join(f"'c{i}': 'VARCHAR'" for i in range(len(names)))
    query = (
        f"SELECT * FROM read_csv({duck.text(source)}, auto_detect = false, header = true,"  # noqa: S608
        f" delim = {duck.text(delimiter)},"
        f" quote = '\"', escape = '\"', columns = {{{columns}}}, nullstr = '', strict_mode = true,"
        f" store_rejects = true, rejects_limit = 5, max_line_size = {limits.max_line_bytes},"
        f" buffer_size = {limits.max_line_bytes * 4})"
    )
    try:
        connection.execute(f"COPY ({query}) TO {duck.text(raw)} (FORMAT parquet)")
        rejects = connection.execute(
            "SELECT line, error_type, error_message FROM reject_errors ORDER BY line LIMIT 5"
        ).fetchall()
    except duckdb.Error as error:
        raise Invalid(
            f"The text cannot be read as a table: {str(error).splitlines()[0]}", field="file"
        ) from error
    if rejects:
        details = [f"Row {line}: {_reason(kind, message)}" for line, kind, message in rejects]
        raise Invalid(f"{details[0]} (the header has {len(names)} columns).", field="file", details=details)


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


def _bad_encoding(row: int) -> Invalid:
    return Invalid(f"Row {row} is not valid UTF-8; save the file with the encoding UTF-8.", field="file")
