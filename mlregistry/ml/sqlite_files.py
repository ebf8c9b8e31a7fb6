"""Turns one table of an uploaded SQLite file, or a SELECT over it, into delimited text. Called by tables.

The file is a stranger's: it is opened read-only and never locked, its schema is not trusted, nothing but reading is
allowed, virtual tables are left alone, and what takes too long (a view that never ends) is stopped.
"""

from __future__ import annotations

import contextlib
import csv
import re
import sqlite3
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from mlregistry.errors import Invalid, TooLarge
from mlregistry.ml.table_info import Limits

SECONDS = 60.0
STEPS = 20_000
ROWS_AT_ONCE = 2_000
SHOWN = 20
BEGINS = re.compile(r"\s*(select|with|values)\b", re.IGNORECASE)
MOMENT = re.compile(r"\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:?\d\d)?)?")
ALLOWED = frozenset(
    (sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ, sqlite3.SQLITE_FUNCTION, sqlite3.SQLITE_RECURSIVE)
)
TABLES = """
SELECT name, CASE WHEN type = 'view' THEN 'view' WHEN rootpage > 0 THEN 'table' ELSE 'virtual' END FROM sqlite_schema
WHERE type IN ('table', 'view') AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY name
"""
REFUSED = ("not authorized", "prohibited", "unsafe use")
BOUNDS = {
    sqlite3.SQLITE_LIMIT_ATTACHED: 0,
    sqlite3.SQLITE_LIMIT_COLUMN: 2_000,
    sqlite3.SQLITE_LIMIT_COMPOUND_SELECT: 50,
    sqlite3.SQLITE_LIMIT_EXPR_DEPTH: 200,
    sqlite3.SQLITE_LIMIT_SQL_LENGTH: 100_000,
    sqlite3.SQLITE_LIMIT_TRIGGER_DEPTH: 1,
}


def write_text(
    source: Path, target: Path, *, table: str = "", query: str = "", limits: Limits, seconds: float = SECONDS
) -> frozenset[str]:
    """Write the rows as comma-separated UTF-8; returns the columns that are text. Invalid says what may be chosen."""
    if table and query:
        raise Invalid("Name a table or write a query, not both.", field="query")
    if query and not BEGINS.match(query):
        raise Invalid("The query must be one SELECT (or WITH … SELECT).", field="query")
    try:
        with contextlib.closing(_opened(source, limits, seconds)) as connection:
            statement = _statement(connection, table, query)
            connection.set_authorizer(_allow)
            found = connection.execute(statement)
            return _written(found, [column[0] for column in found.description or ()], target, limits)
    except sqlite3.Error as error:
        raise _told(error, query, seconds) from error


def _opened(source: Path, limits: Limits, seconds: float) -> sqlite3.Connection:
    # Immutable: no lock, no journal and no write-ahead log beside the file are looked for.
    uri = f"{source.absolute().as_uri()}?mode=ro&immutable=1"
    connection = sqlite3.connect(uri, uri=True, isolation_level=None, cached_statements=0)
    for setting in ("trusted_schema = 0", "query_only = 1", "cell_size_check = 1", "mmap_size = 0"):
        connection.execute(f"PRAGMA {setting}")
    if sys.version_info >= (3, 12):
        connection.setconfig(sqlite3.SQLITE_DBCONFIG_DEFENSIVE, True)
    for bound, value in {**BOUNDS, sqlite3.SQLITE_LIMIT_LENGTH: limits.max_line_bytes}.items():
        connection.setlimit(bound, value)
    end = time.monotonic() + seconds
    connection.set_progress_handler(lambda: int(time.monotonic() > end), STEPS)
    return connection


def _statement(connection: sqlite3.Connection, table: str, query: str) -> str:
    """What is asked of the file; a file with virtual tables gives its plain ones only, since others may lead there."""
    found = connection.execute(TABLES).fetchall()
    virtual = [name for name, kind in found if kind == "virtual"]
    names = [name for name, kind in found if kind == "table" or (kind == "view" and not virtual)]
    if query and virtual:
        raise Invalid(
            f"The SQLite file has virtual tables ('{virtual[0][:60]}'), so only its plain tables can be read by name.",
            field="query",
        )
    return query or f"SELECT * FROM {_quoted(_chosen(names, table))}"  # noqa: S608  # duck quotes names and paths, the rest is ours


def _chosen(names: Sequence[str], wanted: str) -> str:
    shown = ", ".join(f"'{name[:60]}'" for name in names[:SHOWN]) + ", …" * (len(names) > SHOWN)
    if not names:
        raise Invalid("The SQLite file holds no tables.", field="file")
    if wanted and wanted not in names:
        raise Invalid(f"The SQLite file has no table '{wanted}'; it has {shown}.", field="sheet")
    if not wanted and len(names) > 1:
        raise Invalid(
            f"The SQLite file has several tables; choose one under “Sheet or table”, or write a query: {shown}.",
            field="sheet",
        )
    return wanted or names[0]


def _written(
    found: Iterator[Sequence[Any]], names: list[str], target: Path, limits: Limits
) -> frozenset[str]:
    texts: set[int] = set()
    odd: set[int] = set()
    n_rows = 0
    with target.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(names)
        for row in found:
            n_rows += 1
            if n_rows > limits.max_rows:
                raise TooLarge(
                    f"The table has more than {limits.max_rows:,} rows; narrow it by a query.", field="query"
                )
            for place, value in enumerate(row):
                if isinstance(value, str):
                    texts.add(place)
                    if place not in odd and not MOMENT.fullmatch(value):
                        odd.add(place)
            writer.writerow([_plain(value, n_rows) for value in row])
            if n_rows % ROWS_AT_ONCE == 0 and file.tell() > limits.max_bytes:
                raise TooLarge(
                    f"The table has more than {limits.max_bytes:,} bytes; narrow it by a query.",
                    field="query",
                )
    if not n_rows:
        raise Invalid("The chosen table or query holds no rows.", field="sheet")
    return frozenset(names[place] for place in texts & odd)


def _plain(value: Any, number: int) -> Any:
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, str) and "\x00" in value:
        raise Invalid(f"Row {number} holds a character that is no text.", field="file")
    return value


def _allow(action: int, *_: str | None) -> int:
    return sqlite3.SQLITE_OK if action in ALLOWED else sqlite3.SQLITE_DENY


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _told(error: sqlite3.Error, query: str, seconds: float) -> Invalid | TooLarge:
    reason = (str(error).splitlines() or [type(error).__name__])[0][:300]
    field = "query" if query else "file"
    if "interrupted" in reason:
        return TooLarge(f"The table or query took longer than {seconds:g} seconds to read.", field=field)
    if "too big" in reason:
        return TooLarge("The table holds a value that is too large.", field=field)
    if any(word in reason for word in REFUSED):
        return Invalid("Only plain tables and views may be read, and nothing else be done.", field=field)
    return Invalid(
        f"SQLite refuses the query: {reason}." if query else f"The SQLite file cannot be read: {reason}.",
        field=field,
    )
