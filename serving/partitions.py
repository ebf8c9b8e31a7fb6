"""Weeks of the prediction log: made before they come, dropped when nobody keeps them. The chore in
`serving.actions.retention` calls these.

A prediction's id begins with the milliseconds since 1970 (UUIDv7), so a week is a range of ids.
"""

import re
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.db import connection, transaction

from mlregistry.sql_rows import fetched

WEEK = timedelta(days=7)
AHEAD = 4
NAME = re.compile(r"serving_prediction_(\d{8})")
NAMES = """
    SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
    WHERE i.inhparent = 'serving_prediction'::regclass ORDER BY 1
"""
SIZES = """
    SELECT c.relname, greatest(c.reltuples, 0)::bigint, pg_total_relation_size(c.oid)
    FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
    WHERE i.inhparent = 'serving_prediction'::regclass ORDER BY 1
"""
LOCK = "SELECT pg_advisory_xact_lock(hashtextextended('prediction weeks', 0))"


@dataclass(frozen=True)
class Week:
    """One partition, from Monday 00:00 UTC."""

    start: datetime

    @property
    def end(self) -> datetime:
        return self.start + WEEK

    @property
    def table(self) -> str:
        return f"serving_prediction_{self.start:%Y%m%d}"

    @classmethod
    def of(cls, at: datetime) -> "Week":
        day = at.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
        return cls(day - timedelta(days=day.weekday()))


def weeks() -> list[Week]:
    """Those that have a partition, oldest first."""
    found = [NAME.fullmatch(str(name)) for (name,) in fetched(NAMES, [])]
    return [Week(datetime.strptime(one[1], "%Y%m%d").replace(tzinfo=UTC)) for one in found if one]


def sizes() -> list[tuple[str, int, int]]:
    """Every partition by the name of its table: rows as PostgreSQL last estimated them, and bytes with indexes."""
    return [(str(name), int(n_rows), int(n_bytes)) for name, n_rows, n_bytes in fetched(SIZES, [])]


def make_ahead(now: datetime) -> list[Week]:
    """The partitions of this week and the next four, where they are missing; returns those that were made."""
    first, known = Week.of(now), set(weeks())
    missing = [week for n in range(AHEAD + 1) if (week := Week(first.start + n * WEEK)) not in known]
    for week in missing:
        _make(week)
    return missing


def drop(week: Week) -> None:
    """The week with all its rows, in a moment whatever their number."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(LOCK)
        cursor.execute(f"DROP TABLE IF EXISTS {week.table}")


def first_id(at: datetime) -> uuid.UUID:
    """The smallest id that a prediction of this moment can have."""
    return uuid.UUID(int=int(at.timestamp() * 1000) << 80)


def _make(week: Week) -> None:
    """Rows of the week that came before its partition move over from the default one."""
    low, high = str(first_id(week.start)), str(first_id(week.end))
    inside = "request_id >= %s AND request_id < %s"
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(LOCK)
        if week in weeks():
            return
        cursor.execute("LOCK TABLE serving_prediction IN SHARE ROW EXCLUSIVE MODE")
        cursor.execute(
            f"CREATE TABLE {week.table} (LIKE serving_prediction INCLUDING DEFAULTS INCLUDING CONSTRAINTS)"
        )
        cursor.execute(
            f"WITH moved AS (DELETE FROM serving_prediction_rest WHERE {inside} RETURNING *)"  # noqa: S608  # names are made of a date
            f" INSERT INTO {week.table} SELECT * FROM moved",
            [low, high],
        )
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")  # a table with waiting checks cannot be attached
        cursor.execute(
            f"ALTER TABLE serving_prediction ATTACH PARTITION {week.table} FOR VALUES FROM (%s) TO (%s)",
            [low, high],
        )
