"""Databases of the servers under test, and their filling by SQL: one run logged over HTTP, copied as often as asked.

A copy of what the server itself has written has the shape of logged rows, whatever the server's tables look like.
Only ids, names, times and values differ from row to row; they come out the same for every server.
"""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass

import psycopg2
from psycopg2.extensions import cursor as Cursor

from mlregistry import env
from mlregistry.supervisor.postgres import SUPERUSER, Postgres

CHUNK = 5_000
RUN_TABLES = ("runs", "experiments_run")
RUN_COLUMNS = ("run_uuid", "run_id")
RUN_ID = "md5('bench-' || i)"
TIME_ORDERED_ID = "('018bcfe5-6800-7000-8000-' || lpad(to_hex(i), 12, '0'))::uuid"  # as the server's own are
BULK = 50_000  # so many runs are copied without indexes, which are made anew behind them
LEAST = "(hashtextextended(t.key, i) & 1048575) / 1048576.0"
VALUE = f"{LEAST} + t.step * 1e-7"  # grows with the step: the last point is the greatest
NUMBERS = (
    f"(SELECT array_agg({LEAST} + s * 1e-7 ORDER BY n)"  # noqa: S608  # texts of this file
    " FROM unnest(t.steps) WITH ORDINALITY AS each(s, n))"
)
RUN_OVERRIDES = {
    "name": "'run-' || i",
    "start_time": "t.start_time + i * 1000",
    "end_time": "t.end_time + i * 1000",
    "started_at": "t.started_at + i * interval '1 second'",
    "ended_at": "t.ended_at + i * interval '1 second'",
    "artifact_uri": f"replace(t.artifact_uri, %(template)s, {RUN_ID})",
}


@dataclass(frozen=True)
class Table:
    """A table that holds rows of runs; `run` is its column for the run, `columns` those a copy must name."""

    name: str
    run: str
    columns: dict[str, str]  # name → type


class Database:
    """One database of the benchmark's PostgreSQL, opened as the superuser to fill it."""

    def __init__(self, url: str, admin_url: str) -> None:
        self.url = url
        self._admin_url = admin_url

    @classmethod
    def create(cls, postgres: Postgres, name: str) -> "Database":
        """A new, empty one that belongs to the application's ordinary role."""
        with closing(psycopg2.connect(postgres.url("postgres", SUPERUSER))) as connection:
            connection.autocommit = True
            with connection.cursor() as cursor:
                cursor.execute(f'CREATE DATABASE "{name}" OWNER "{env.EMBEDDED_USER}"')
        return cls(postgres.url(name), postgres.url(name, SUPERUSER))

    def copy_runs(self, template: str, first: int, last: int) -> None:
        """Runs number `first` to `last`, alike the run `template`, oldest first."""
        with self._cursor() as cursor:
            tables = _tables_of_runs(cursor)
            for table in tables:
                cursor.execute(_template(table), {"template": template})
            remade = _drop_indexes(cursor, tables) if last - first >= BULK else []
            for start in range(first, last + 1, CHUNK):
                bounds = {"template": template, "first": start, "last": min(start + CHUNK - 1, last)}
                for table in tables:
                    cursor.execute(_copy(table, _run_overrides(table)), bounds)
                cursor.connection.commit()
            cursor.execute("SET maintenance_work_mem = '1GB'")
            for statement in remade:
                cursor.execute(statement)

    def settle(self) -> None:
        """What autovacuum would do in a while: statistics, visibility, and no dirty pages left over."""
        with self._cursor() as cursor:
            cursor.connection.commit()
            cursor.connection.autocommit = True
            cursor.execute("VACUUM ANALYZE")
            cursor.execute("CHECKPOINT")

    @contextmanager
    def _cursor(self) -> Iterator[Cursor]:
        """Without foreign key checks: what is copied refers to rows that are there."""
        with closing(psycopg2.connect(self._admin_url)) as connection:
            with connection.cursor() as cursor:
                cursor.execute("SET session_replication_role = replica")
                yield cursor
            connection.commit()


def _tables_of_runs(cursor: Cursor) -> list[Table]:
    """The table of runs and every table with a column for the run, without columns that fill themselves."""
    cursor.execute(
        """
        SELECT table_name, column_name, data_type
        FROM information_schema.columns
        JOIN information_schema.tables USING (table_schema, table_name)
        JOIN pg_class ON pg_class.oid = format('%I.%I', table_schema, table_name)::regclass
        WHERE table_schema = 'public' AND table_type = 'BASE TABLE' AND NOT pg_class.relispartition
          AND is_identity = 'NO' AND is_generated = 'NEVER' AND coalesce(column_default, '') NOT LIKE 'nextval%'
        ORDER BY table_name, ordinal_position
        """
    )
    columns: dict[str, dict[str, str]] = {}
    for table, column, data_type in cursor.fetchall():
        columns.setdefault(table, {})[column] = data_type
    found = []
    for name, types in columns.items():
        run = "id" if name == "experiments_run" else next((c for c in RUN_COLUMNS if c in types), None)
        if run is not None and types[run] == "bigint":  # the runs of model tests
            continue
        if run is not None:
            found.append(Table(name, run, types))
    return found


def _drop_indexes(cursor: Cursor, tables: list[Table]) -> list[str]:
    """Those of all tables to which no others refer; returns the statements that make them anew."""
    cursor.execute(
        """
        SELECT relname FROM pg_class WHERE relname = ANY(%(names)s) AND relkind = 'r'
          AND NOT EXISTS (SELECT FROM pg_constraint WHERE contype = 'f' AND confrelid = pg_class.oid)
        """,
        {"names": [table.name for table in tables]},
    )
    names = [name for (name,) in cursor.fetchall()]
    cursor.execute(
        """
        SELECT format('ALTER TABLE %%s DROP CONSTRAINT %%I', conrelid::regclass, conname),
               format('ALTER TABLE %%s ADD CONSTRAINT %%I %%s', conrelid::regclass, conname, pg_get_constraintdef(oid))
        FROM pg_constraint WHERE contype IN ('p', 'u') AND conrelid::regclass::text = ANY(%(names)s)
        UNION ALL
        SELECT format('DROP INDEX %%s', indexrelid::regclass), pg_get_indexdef(indexrelid)
        FROM pg_index WHERE indrelid::regclass::text = ANY(%(names)s)
          AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = indexrelid AND contype IN ('p', 'u'))
        """,
        {"names": names},
    )
    found = cursor.fetchall()
    for drop, _ in found:
        cursor.execute(drop)
    return [make for _, make in found]


def _run_overrides(table: Table) -> dict[str, str]:
    if table.name in RUN_TABLES:
        return RUN_OVERRIDES | ({"row_num": "t.row_num + i"} if "row_num" in table.columns else {})
    if "numbers" in table.columns:
        return {"numbers": NUMBERS}
    if table.columns.get("value") == "double precision":
        return {"value": VALUE, "maximum": VALUE, "minimum": LEAST}
    if "param" in table.name:
        return dict.fromkeys(("value", "value_str"), "t.key || '-' || (i % 10)")
    if not {"key", "value"} <= set(table.columns):
        return {}
    return {"value": "CASE t.key WHEN 'mlflow.runName' THEN 'run-' || i ELSE t.value END"}


def _template(table: Table) -> str:
    """The rows of the run that is copied, apart: the table itself is without indexes while it grows."""
    cast = "::uuid" if table.columns[table.run] == "uuid" else ""
    return f"""
        CREATE TEMPORARY TABLE "template_{table.name}" AS
        SELECT * FROM "{table.name}" WHERE "{table.run}" = %(template)s{cast}
    """  # noqa: S608  # names of the database's own catalogue


def _copy(table: Table, overrides: dict[str, str]) -> str:
    """INSERT … SELECT of the template's rows for each i, run by run."""
    made = TIME_ORDERED_ID if table.columns[table.run] == "uuid" else RUN_ID
    expressions = []
    for column in table.columns:
        if column == table.run:
            expressions.append(made)
        else:
            expressions.append(overrides.get(column, f't."{column}"'))
    names = ", ".join(f'"{column}"' for column in table.columns)
    return f"""
        INSERT INTO "{table.name}" ({names})
        SELECT {", ".join(expressions)}
        FROM generate_series(%(first)s, %(last)s) AS i, "template_{table.name}" AS t ORDER BY i
    """.replace("i % 10", "i %% 10")  # noqa: S608  # names of the database's own catalogue
