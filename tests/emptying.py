"""Empties the database after a test that commits; Django's own way truncates each of a hundred tables."""

from functools import cache

from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper
from django.test import TransactionTestCase

KEPT = {"django_content_type", "auth_permission"}  # made with the tables, and the same for every test
flush = TransactionTestCase._fixture_teardown  # type: ignore[attr-defined]  # unknown to the stubs


def empty_tables(case: TransactionTestCase) -> None:
    """Takes the place of `TransactionTestCase._fixture_teardown`.

    The lock waits for those who write, as that of TRUNCATE does. No trigger fires: that takes a right which
    `tests.servers` gives on the server of the session.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT has_parameter_privilege('session_replication_role', 'SET')")
        may = cursor.fetchone() == (True,)
        if may:
            _delete_all(cursor)
    if not may:
        flush(case)


def _delete_all(cursor: CursorWrapper) -> None:
    tables = _tables()
    cursor.execute("SET LOCAL session_replication_role = replica")
    cursor.execute(f"LOCK TABLE {', '.join(tables)} IN EXCLUSIVE MODE")
    asked = [f"SELECT '{table}' WHERE EXISTS (SELECT FROM {table})" for table in tables]  # noqa: S608 (names of tables)
    cursor.execute(" UNION ALL ".join(asked))
    for (table,) in cursor.fetchall():
        cursor.execute(f"DELETE FROM {table}")  # noqa: S608 (the name of a table)


@cache
def _tables() -> list[str]:
    """The quoted names of the tables that hold what tests write."""
    names = connection.introspection.django_table_names(only_existing=True, include_views=False)
    return [connection.ops.quote_name(name) for name in sorted(names) if name not in KEPT]
