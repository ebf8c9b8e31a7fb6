"""MySQL and MariaDB, row by row from the server's own cursor. Needs the extra `mysql`."""

from __future__ import annotations

import contextlib
import socket
import ssl
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from mlregistry import outgoing
from mlregistry.errors import Invalid, Unavailable
from mlregistry.lib.lazily import lazily
from mlregistry.ml.reading import Reading

from . import sql_rows
from .protocol import Ask, number

pymysql = lazily("pymysql")
ROWS_AT_ONCE = 2_000
FORBIDDEN = ("into outfile", "into dumpfile", "/*!", "load_file")


def copy(ask: Ask, query: str, cursor_column: str, file: Path) -> tuple[int, Reading]:
    """Write the rows as CSV; returns how many, and which columns are text."""
    words = " ".join(query.lower().split())
    if any(word in words for word in FORBIDDEN):
        raise Invalid("The query may not write or read files of the database's machine.", field="query")
    seconds = min(ask.seconds_left(), number(ask.config, "max_seconds", 600, lowest=1, highest=86_400))
    try:
        with (
            contextlib.closing(_opened(ask, seconds)) as connection,
            connection.cursor(pymysql.cursors.SSCursor) as cursor,
        ):
            cursor.execute(f"SET SESSION MAX_EXECUTION_TIME = {int(seconds * 1000)}")
            cursor.execute("START TRANSACTION READ ONLY")
            cursor.execute(*_statement(query, cursor_column, ask))
            names = [column[0] for column in cursor.description or ()]
            return sql_rows.write(ask, names, _rows(cursor), file)
    except pymysql.err.OperationalError as error:
        raise Unavailable(
            f"The database at {ask.config['host']} broke off or cannot be reached: {_reason(error)}"
        ) from error
    except pymysql.err.MySQLError as error:
        raise Invalid(f"The database refuses the query: {_reason(error)}", field="query") from error


def _opened(ask: Ask, seconds: float) -> Any:
    config = ask.config
    port = number(config, "port", 3306, lowest=1, highest=65_535)
    address = outgoing.addresses_of(config["host"], port)[0]
    tls = config.get("tls", "prefer")
    context = ssl.create_default_context() if tls != "prefer" else None
    if context is not None and tls == "require":
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    connection = pymysql.connect(
        host=config["host"], port=port, user=config.get("user", ""), password=ask.secrets.get("secret", ""),
        database=config["database"], charset="utf8mb4", ssl=context, local_infile=False, read_timeout=seconds,
        write_timeout=30, defer_connect=True,
    )  # fmt: skip
    try:
        line = socket.create_connection((address, port), 10)
    except OSError as error:
        raise Unavailable(f"The database at {config['host']} cannot be reached.") from error
    line.settimeout(None)
    connection.connect(line)
    return connection


def _statement(query: str, cursor_column: str, ask: Ask) -> tuple[Any, ...]:
    if not cursor_column:
        return (query,)
    column = f"`{cursor_column}`"
    inner = f"SELECT * FROM ({query}\n) AS source_rows"  # noqa: S608  # the owner's own query, on a connection of theirs; the column's name is checked
    if ask.since.get("value") is None:
        return (f"{inner} ORDER BY {column}",)
    # Percent signs of the query are no places for values.
    return f"{inner.replace('%', '%%')} WHERE {column} > %s ORDER BY {column}", (ask.since["value"],)


def _rows(cursor: Any) -> Iterator[Sequence[Any]]:
    while rows := cursor.fetchmany(ROWS_AT_ONCE):
        yield from rows


def _reason(error: Any) -> str:
    return str(error.args[-1] if error.args else type(error).__name__).splitlines()[0][:300]
