"""Reads delimited text in UTF-8 into typed Parquet: header and row lengths checked, types chosen on all rows.

Called by tables for CSV and TSV, and for the text that Excel and JSON are turned into. Most files are read once: the
types are chosen on their first rows and held against every other row on the way. Where one does not hold, the
whole is written as text first and the types are chosen on all of it.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from mlregistry.errors import Invalid
from mlregistry.lib.lazily import lazily
from mlregistry.ml import column_types, duck, number_marks, parquet_stats
from mlregistry.ml.column_types import SQL_TYPES, Choice, Wishes
from mlregistry.ml.reading import Reading
from mlregistry.ml.table_info import Limits, check_names

if TYPE_CHECKING:
    import duckdb
else:
    duckdb = lazily("duckdb")

DELIMITERS = ",;\t|"
SAMPLE_BYTES = 256 * 1024
READ_ONCE_BYTES = SAMPLE_BYTES
"""Smaller files are read as text: all their rows are the first ones."""

FIRST_ROWS = 8_000
DIFFERS = "a value of another type"
COLUMNS_READ_ONCE = 500
LONG = 1e18
"""Whole numbers below it have at most 18 digits, which are no keys of many digits."""
PARQUET = "(FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 1, DICTIONARY_SIZE_LIMIT 2000)"


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
        clean, choices = column_types.choose(connection, raw, clean, names, wishes)
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
    if len(text.names) > COLUMNS_READ_ONCE or text.source.stat().st_size <= READ_ONCE_BYTES:
        return None
    head = part.with_name("head.parquet")
    _write_raw(connection, text, head, limit=FIRST_ROWS)
    _, choices = column_types.choose(connection, head, part.with_name("clean.parquet"), text.names, wishes)
    if any(choice.note or not choice.sure for choice in choices):
        return None
    marks = number_marks.look(text.source, text.delimiter)
    numbers = [n for n, choice in enumerate(choices) if choice.type in ("integer", "float")]
    floats = frozenset(n for n in numbers if choices[n].type == "float" and not marks)
    cast = ", ".join(
        f"TRY_CAST(c{n} AS {SQL_TYPES[choices[n].type]}) AS n{n}" for n in numbers if n not in floats
    )
    columns = ", ".join(
        f"{f'c{n}' if n in floats else _held(n, choice, marks)} AS {duck.name(name)}"
        for n, (name, choice) in enumerate(zip(text.names, choices, strict=True))
    )
    rows = f"(SELECT *{', ' if cast else ''}{cast} FROM {_scan(text, floats=floats, rejects=False)})"  # noqa: S608  # duck quotes names and paths, the rest is ours
    try:
        connection.execute(f"COPY (SELECT {columns} FROM {rows}) TO {duck.text(part)} {PARQUET}")  # noqa: S608  # duck quotes names and paths, the rest is ours
    except duckdb.Error:
        return None  # a value of another type, or what reading as text tells better
    figures = parquet_stats.of(connection, part)
    if not all(_is_sure(figures[text.names[number]]) for number in numbers):
        return None
    return None if _has_placeholders(connection, part, text.names, choices, figures) else choices


def _is_sure(figures: parquet_stats.Figures) -> bool:
    """No value that is no number, and none of so many digits that it could be a key."""
    least, most = figures.least, figures.most
    return least is not None and most is not None and least > -LONG and most < LONG


def _held(number: int, choice: Choice, marks: frozenset[str]) -> str:
    """The value as its type, or an error that ends the reading."""
    column, cast = f"c{number}", f"n{number}"
    if choice.type == "string":
        return column
    is_number = choice.type in ("integer", "float")
    quick = column_types.quick(choice.type, column, cast)
    if choice.type == "float" and number_marks.JOINTS in marks:
        quick = f"NOT contains({column}, '_') AND {quick}"
    value = cast if is_number else choice.expression
    # Not OR: it may ask the dear condition first, to find out what it costs.
    return (
        f"CASE WHEN {column} IS NULL THEN NULL WHEN {quick} THEN {value}"
        f" WHEN {choice.holds} THEN {value} ELSE error({duck.text(DIFFERS)}) END"
    )


def _has_placeholders(
    connection: duckdb.DuckDBPyConnection,
    part: Path,
    names: list[str],
    choices: list[Choice],
    figures: Mapping[str, parquet_stats.Figures],
) -> bool:
    """Whether a column of text holds blanks around values, or words that mean missing."""
    texts = [name for name, choice in zip(names, choices, strict=True) if choice.type == "string"]
    few = [name for name in texts if figures[name].most_distinct is not None]
    sources = [_values(part, name, "DISTINCT " if name in few else "") for name in texts]
    odd = f"v IS NOT NULL AND NOT {column_types.is_plain('v')}"
    return any(
        connection.execute(f"SELECT 1 FROM {source} WHERE {odd} LIMIT 1").fetchone() is not None  # noqa: S608  # duck quotes names and paths, the rest is ours
        for source in sources
    )


def _values(part: Path, name: str, distinct: str) -> str:
    return f"(SELECT {distinct}{duck.name(name)} AS v FROM {duck.scan(part)})"  # noqa: S608  # duck quotes names and paths, the rest is ours


def _write_raw(
    connection: duckdb.DuckDBPyConnection, text: Text, raw: Path, *, limit: int | None = None
) -> None:
    """Write a Parquet file with text columns c0, c1, …; Invalid names the ragged row."""
    some = f" LIMIT {limit}" if limit else ""
    try:
        connection.execute(f"COPY (SELECT * FROM {_scan(text)}{some}) TO {duck.text(raw)} (FORMAT parquet)")  # noqa: S608  # duck quotes names and paths, the rest is ours
    except duckdb.Error as error:
        raise _unreadable(error) from error
    _check_rejects(connection, text)


def _convert(
    connection: duckdb.DuckDBPyConnection, clean: Path, part: Path, names: list[str], choices: list[Choice]
) -> None:
    chosen = ", ".join(
        f"{choice.expression} AS {duck.name(name)}" for choice, name in zip(choices, names, strict=True)
    )
    connection.execute(f"COPY (SELECT {chosen} FROM {duck.scan(clean)}) TO {duck.text(part)} {PARQUET}")  # noqa: S608  # duck quotes names and paths, the rest is ours


def _scan(text: Text, *, floats: frozenset[int] = frozenset(), rejects: bool = True) -> str:
    """All columns as text but those; bad rows end the reading, or are kept to be told of."""
    columns = ", ".join(f"'c{i}': '{'DOUBLE' if i in floats else 'VARCHAR'}'" for i in range(len(text.names)))
    kept = " store_rejects = true, rejects_limit = 5," if rejects else ""
    return (
        f"read_csv({duck.text(text.source)}, auto_detect = false, header = true, delim = {duck.text(text.delimiter)},"
        f" quote = '\"', escape = '\"', columns = {{{columns}}}, nullstr = '', strict_mode = true,{kept}"
        f" max_line_size = {text.limits.max_line_bytes}, buffer_size = {text.limits.max_line_bytes * 2})"
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
