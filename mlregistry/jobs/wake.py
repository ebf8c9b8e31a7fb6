"""Wakes the workers of the db engine at once (NOTIFY and LISTEN); they poll besides."""

import select

from django.conf import settings
from django.db import connection

CHANNEL = "mlregistry_jobs"


def notify() -> None:
    """Called after a message has been stored; the other engines wake their workers themselves."""
    if settings.TASKS["default"]["BACKEND"].startswith("django_tasks_db"):
        with connection.cursor() as cursor:
            cursor.execute(f"NOTIFY {CHANNEL}")


def listen() -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"LISTEN {CHANNEL}")


def heard(*, timeout: float) -> bool:
    """Wait for a NOTIFY on this thread's connection, after `listen`."""
    raw = connection.connection
    if not select.select([raw], [], [], timeout)[0]:
        return False
    with connection.wrap_database_errors:
        raw.poll()
    n_heard = len(raw.notifies)
    raw.notifies.clear()
    return bool(n_heard)
