"""PostgreSQL by COPY: the server itself checks that the query is one SELECT and holds the time limit."""

from __future__ import annotations

import contextlib
import os
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

import psycopg2
from psycopg2 import errors, extensions, sql

from mlregistry import outgoing
from mlregistry.errors import Invalid, MlregistryError, TooLarge, Unavailable
from mlregistry.lib.lazily import lazily
from mlregistry.ml.reading import Reading

from .protocol import Ask, number

sqlalchemy = lazily("sqlalchemy")
BOOLEAN, NUMERIC = 16, 1700
TYPES = {
    **dict.fromkeys((20, 21, 23, 26), "integer"), **dict.fromkeys((700, 701), "float"), BOOLEAN: "boolean",
    **dict.fromkeys((1082, 1114, 1184), "datetime"),
}  # fmt: skip
CHECKED = "mlregistry.query"
ONE_SELECT = """
DO $check$ DECLARE rows refcursor := 'mlregistry_rows';
BEGIN OPEN rows FOR EXECUTE current_setting('mlregistry.query'); END $check$
"""
GRACE_SECONDS = 5.0
LOOK_EVERY_BYTES = 65_536


def copy(ask: Ask, query: str, cursor_column: str, file: Path) -> tuple[int, Reading]:
    """Write the rows as CSV; returns how many, and which columns are text."""
    with _connection(ask) as raw, raw.cursor() as cursor:
        seconds = min(ask.seconds_left(), number(ask.config, "max_seconds", 600, lowest=1, highest=86_400))
        watch = _Watch(raw, seconds + GRACE_SECONDS)
        try:
            with watch:
                return _copy(ask, cursor, query, cursor_column, file, seconds)
        except psycopg2.Error as error:
            raise _told(error, watch, seconds) from error


def _copy(
    ask: Ask, cursor: Any, query: str, cursor_column: str, file: Path, seconds: float
) -> tuple[int, Reading]:
    cursor.execute("SET TRANSACTION READ ONLY")
    cursor.execute("SET LOCAL statement_timeout = %s", [int(seconds * 1000)])
    cursor.execute("SET LOCAL TIME ZONE 'UTC'")
    cursor.execute("SELECT set_config(%s, %s, true)", [CHECKED, query])
    cursor.execute(ONE_SELECT)
    cursor.execute("FETCH 0 FROM mlregistry_rows")
    columns = [(column.name, column.type_code) for column in cursor.description]
    cursor.execute("CLOSE mlregistry_rows")
    names = [name for name, _ in columns]
    if cursor_column and cursor_column not in names:
        raise Invalid(f"The query has no column '{cursor_column}'.", field="cursor_column")
    if len({name.lower() for name in names}) < len(names):
        raise Invalid("The query has two columns of one name; name each with AS.", field="query")
    with file.open("wb") as target:
        sink = _Sink(target, ask)
        cursor.copy_expert(_statement(cursor, ask, query, columns, cursor_column), sink)
    return max(0, cursor.rowcount), _reading(columns)


def _reading(columns: list[tuple[str, int]]) -> Reading:
    """Each column by the database's own type; found out for all when one is of a number's type that has no limits."""
    texts = frozenset(name for name, type in columns if type not in TYPES and type != NUMERIC)
    types = {name: TYPES.get(type, "string") for name, type in columns}
    if any(type == NUMERIC for _, type in columns):
        types = {}
    return Reading(delimiter=",", decimal=".", keep_text=texts, types=types)


def _statement(cursor: Any, ask: Ask, query: str, columns: list[tuple[str, int]], cursor_column: str) -> str:
    """COPY of the checked query; booleans as words, rows after the last value when there is one."""
    chosen = sql.SQL(", ").join(
        sql.SQL("{}::text AS {}" if type == BOOLEAN else "{}").format(
            *[sql.Identifier(name)] * (1 + (type == BOOLEAN))
        )
        for name, type in columns
    )
    since: sql.Composable = sql.SQL("")
    if cursor_column:
        if ask.since.get("value") is not None:
            since = sql.SQL(" WHERE {} > {}").format(
                sql.Identifier(cursor_column), sql.Literal(str(ask.since["value"]))
            )
        since = since + sql.SQL(" ORDER BY {}").format(sql.Identifier(cursor_column))
    most = sql.SQL(" LIMIT {}").format(sql.Literal(ask.n_rows or ask.limits.max_rows + 1))
    # The server has taken the query for one SELECT by itself, so it stays one inside the parentheses.
    inner = sql.Composed([sql.SQL("(SELECT * FROM ("), sql.SQL(query), sql.SQL("\n) AS rows"), since, most])
    whole = sql.Composed(
        [
            sql.SQL("COPY (SELECT "),
            chosen,
            sql.SQL(" FROM "),
            inner,
            sql.SQL(") AS rows) TO STDOUT (FORMAT csv, HEADER true)"),
        ]
    )
    return str(whole.as_string(cursor))


class _Sink:
    """A file that stops the COPY at the limits. It is given each row by itself, so little is done for one."""

    def __init__(self, file: IO[bytes], ask: Ask) -> None:
        self._write, self._ask = file.write, ask
        self._n_bytes = self._n_rows = self._n_looked = 0
        self._told = time.monotonic()

    def write(self, data: bytes) -> int:
        self._n_rows += 1
        self._n_bytes += len(data)
        if self._n_bytes > self._n_looked:
            self._look()
        return self._write(data)

    def _look(self) -> None:
        self._n_looked = min(self._n_bytes + LOOK_EVERY_BYTES, self._ask.limits.max_bytes)
        if self._n_bytes > self._ask.limits.max_bytes:
            raise TooLarge(
                f"The query answers with more than {self._ask.limits.max_bytes:,} bytes, the most allowed;"
                " narrow it.",
                field="query",
            )
        if time.monotonic() - self._told > 1:
            self._told = time.monotonic()
            self._ask.report(0.0, f"{self._n_rows:,} rows")


class _Watch:
    """Ends a conversation with a server that no longer answers, by closing the line under it."""

    def __init__(self, raw: Any, seconds: float) -> None:
        self.barked = False
        self._line = socket.socket(fileno=os.dup(raw.fileno()))
        self._timer = threading.Timer(seconds, self._bark)
        self._timer.daemon = True

    def _bark(self) -> None:
        self.barked = True
        with contextlib.suppress(OSError):
            self._line.shutdown(socket.SHUT_RDWR)

    def __enter__(self) -> None:
        self._timer.start()

    def __exit__(self, *problem: object) -> None:
        self._timer.cancel()
        self._line.close()


@contextlib.contextmanager
def _connection(ask: Ask) -> Iterator[Any]:
    config = ask.config
    port = number(config, "port", 5432, lowest=1, highest=65_535)
    address = outgoing.addresses_of(config["host"], port)[0]
    url = sqlalchemy.URL.create(
        "postgresql+psycopg2",
        config.get("user"),
        ask.secrets.get("secret"),
        config["host"],
        port,
        config["database"],
    )
    options = {
        "hostaddr": address,
        "connect_timeout": 10,
        "sslmode": {"prefer": "prefer", "require": "require", "verify": "verify-full"}[
            config.get("tls", "prefer")
        ],
        "application_name": "mlregistry",
        "passfile": "/dev/null",
        "keepalives_idle": 30,
        "tcp_user_timeout": 60_000,
    }
    # Closed without a rollback, which would first read the rest of a COPY that was broken off, to its last row.
    engine = sqlalchemy.create_engine(
        url, poolclass=sqlalchemy.pool.NullPool, pool_reset_on_return=None, connect_args=options
    )
    try:
        with contextlib.closing(engine.raw_connection()) as connection:
            yield connection.driver_connection
    except sqlalchemy.exc.SQLAlchemyError as error:
        raise Unavailable(f"The database at {config['host']} cannot be reached: {_reason(error)}") from error
    except psycopg2.OperationalError as error:
        raise Unavailable(f"The database at {config['host']} cannot be reached: {_reason(error)}") from error


def _told(error: psycopg2.Error, watch: _Watch, seconds: float) -> MlregistryError:
    if watch.barked or isinstance(error, errors.QueryCanceled):
        return Unavailable(
            f"The query took longer than {seconds:g} seconds; nothing was changed.", field="query"
        )
    if isinstance(error, errors.ReadOnlySqlTransaction):
        return Invalid("The query would change the database; only a SELECT may be asked.", field="query")
    if isinstance(error, extensions.QueryCanceledError | psycopg2.OperationalError | psycopg2.InterfaceError):
        return Unavailable("The database broke off in the middle of its answer; nothing was changed.")
    if isinstance(error, psycopg2.DatabaseError) and not error.pgcode:
        return Unavailable("The database broke off in the middle of its answer; nothing was changed.")
    return Invalid(f"The database refuses the query: {_reason(error)}", field="query")


def _reason(error: Exception) -> str:
    """The first line, without addresses and without what was connected with."""
    cause = getattr(error, "orig", None) or error
    lines = str(cause).strip().splitlines() or [type(cause).__name__]
    return lines[0].rpartition("FATAL:  ")[2].rpartition("failed: ")[2][:300]
