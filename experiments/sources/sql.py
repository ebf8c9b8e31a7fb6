"""One SELECT of a database, in a read-only transaction, streamed to a file under limits.

PostgreSQL answers by COPY, MySQL row by row; SQLite files lie in a folder that the operator names.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from mlregistry.errors import Invalid

from . import sql_mysql, sql_postgres, sql_sqlite
from .protocol import Ask, Fetched, Setting, number

ENGINES = {"postgresql": sql_postgres, "mysql": sql_mysql, "sqlite": sql_sqlite}
BEGINS = re.compile(r"\s*(select|with|values|table)\b", re.IGNORECASE)
IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,62}")


class Sql:
    name = "sql"
    title = "SQL database"
    text = "One SELECT of PostgreSQL, MySQL or SQLite, in a read-only transaction."
    settings = (
        Setting("engine", "Database", choices=tuple(ENGINES)),
        Setting("host", "Host", "Private addresses only when the operator of this server allows them."),
        Setting("port", "Port", "Empty: the usual one."),
        Setting(
            "database",
            "Name of the database",
            "For SQLite the name of a file in the operator’s folder.",
            required=True,
        ),
        Setting("user", "User", "Best one that may only read."),
        Setting("secret", "Password", "Kept encrypted and never shown again.", secret=True),
        Setting(
            "tls",
            "Encryption",
            "Whether the connection must be encrypted, and its certificate checked.",
            choices=("prefer", "require", "verify"),
        ),
        Setting(
            "query", "Query", "One SELECT.", required=True, long=True, placeholder="SELECT * FROM orders"
        ),
        Setting(
            "cursor_column",
            "Column that grows",
            "Then only rows after its largest value are read, and appended.",
        ),
        Setting("max_seconds", "Most seconds", "600 when empty."),
    )

    def check(self, config: Mapping[str, str]) -> None:
        engine = config.get("engine", "postgresql")
        if engine != "sqlite" and not config.get("host"):
            raise Invalid("'Host' is needed.", field="host")
        number(config, "port", 0, lowest=1, highest=65_535)
        number(config, "max_seconds", 600, lowest=1, highest=86_400)
        if not BEGINS.match(config["query"]):
            raise Invalid("The query must be one SELECT (or WITH … SELECT).", field="query")
        column = config.get("cursor_column", "")
        if column and not IDENTIFIER.fullmatch(column):
            raise Invalid(
                "The column that grows has a plain name: letters, digits, underscores.", field="cursor_column"
            )

    def fetch(self, ask: Ask) -> Fetched:
        engine = ENGINES[ask.config.get("engine", "postgresql")]
        file = ask.into / "rows.csv"
        column = ask.config.get("cursor_column", "")
        query = ask.config["query"].strip().rstrip(";").strip()
        n_rows, reading = engine.copy(ask, query, column, file)
        if not n_rows:
            if column and ask.since:
                return Fetched(None, "", ask.since)
            raise Invalid("The query answers with no rows.", field="query")
        return Fetched(file, "rows.csv", ask.since, reading, appends=bool(column), cursor_column=column)
