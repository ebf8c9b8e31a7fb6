"""A SQLite file of the operator's folder, opened to be read only: no ATTACH, no PRAGMA, no writing."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from django.conf import settings

from mlregistry.errors import Invalid, NotFound, Unavailable
from mlregistry.lib.lazily import lazily
from mlregistry.ml.reading import Reading

from . import sql_rows
from .protocol import Ask, number

sqlalchemy = lazily("sqlalchemy")
ALLOWED = frozenset(
    {
        *(sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ, sqlite3.SQLITE_FUNCTION, sqlite3.SQLITE_RECURSIVE),
        sqlite3.SQLITE_TRANSACTION,  # the end of reading
    }
)
STEPS = 50_000
ROWS_AT_ONCE = 2_000


def copy(ask: Ask, query: str, cursor_column: str, file: Path) -> tuple[int, Reading]:
    """Write the rows as CSV; returns how many, and which columns are text."""
    path = _file(ask.config["database"])
    most = number(ask.config, "max_seconds", 600, lowest=1, highest=86_400)
    engine = sqlalchemy.create_engine(
        "sqlite://", poolclass=sqlalchemy.pool.NullPool, creator=lambda: _opened(path, ask, most)
    )
    try:
        with engine.connect().execution_options(stream_results=True) as connection:
            _lock(connection.connection.driver_connection)  # not before: SQLAlchemy asks the file what it is
            found = connection.exec_driver_sql(*_statement(query, cursor_column, ask))
            return sql_rows.write(ask, list(found.keys()), _rows(found), file)
    except sqlalchemy.exc.DBAPIError as error:
        reason = str(error.orig).splitlines()[0][:300]
        if "interrupted" in reason:
            raise Unavailable("The query took too long; nothing was changed.", field="query") from error
        raise Invalid(f"The database refuses the query: {reason}.", field="query") from error


def _file(name: str) -> Path:
    """The file of that name among those that lie in the folder; the name itself is never opened."""
    if not settings.SQLITE_FOLDER:
        raise Invalid(
            "No SQLite files may be read here. The operator of this server can name a folder of them with"
            " MLREGISTRY_SQLITE_FOLDER.",
            field="database",
        )
    for path in sorted(Path(settings.SQLITE_FOLDER).iterdir()):
        if path.name == name and path.is_file() and not path.is_symlink():
            return path
    raise NotFound("There is no SQLite file of that name in the operator's folder.", field="database")


def _opened(path: Path, ask: Ask, seconds: float) -> sqlite3.Connection:
    connection = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=5.0)
    connection.execute("PRAGMA query_only = 1")
    end = ask.seconds_left() - seconds

    def is_late() -> int:
        try:
            return int(ask.seconds_left() < end)
        except Unavailable:
            return 1

    connection.set_progress_handler(is_late, STEPS)
    return connection


def _lock(connection: sqlite3.Connection) -> None:
    connection.set_authorizer(
        lambda action, *_: sqlite3.SQLITE_OK if action in ALLOWED else sqlite3.SQLITE_DENY
    )


def _statement(query: str, cursor_column: str, ask: Ask) -> tuple[Any, ...]:
    if not cursor_column:
        return (query,)
    column = f'"{cursor_column}"'
    if ask.since.get("value") is None:
        return (f"SELECT * FROM ({query}\n) ORDER BY {column}",)  # noqa: S608  # the owner's own query, on a connection of theirs; the column's name is checked
    return f"SELECT * FROM ({query}\n) WHERE {column} > ? ORDER BY {column}", (ask.since["value"],)  # noqa: S608  # the owner's own query, on a connection of theirs; the column's name is checked


def _rows(found: Any) -> Iterator[Sequence[Any]]:
    while rows := found.fetchmany(ROWS_AT_ONCE):
        yield from rows
