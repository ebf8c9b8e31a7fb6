"""Wakes the workers of the db engine at once (NOTIFY and LISTEN); they poll besides."""

import select

from django.conf import settings
from django.db import connection

CHANNEL = "mlregistry_jobs"
SOON = "soon"


def notify(payload: str = "") -> None:
    """Called after a message has been stored; the other engines wake their workers themselves."""
    if settings.TASKS["default"]["BACKEND"].startswith("django_tasks_db"):
        with connection.cursor() as cursor:
            cursor.execute(f"NOTIFY {CHANNEL}, %s", [payload])


def expect() -> None:
    """A job will probably come soon: workers load what it needs. Called by forms that start one."""
    notify(SOON)


def listen() -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"LISTEN {CHANNEL}")


def heard(*, timeout: float) -> set[str]:
    """What NOTIFY told on this thread's connection, after `listen`: "" for a job, SOON for one that is expected.

    Raises Django's errors, as all who wait expect.
    """
    raw = connection.connection
    if not select.select([raw], [], [], timeout)[0]:
        return set()
    with connection.wrap_database_errors:
        raw.poll()
    found = {str(one.payload) for one in raw.notifies}
    raw.notifies.clear()
    return found
