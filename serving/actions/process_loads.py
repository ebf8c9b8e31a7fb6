"""Adds what a serving process took to the five minutes under way. `serving.live_routing` calls it every few seconds."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection
from django.utils import timezone

from serving.models import ProcessLoad

KEPT = timedelta(days=31)
ADD = """
    INSERT INTO serving_processload AS old (name, at, seconds, cpu_seconds, memory_bytes)
    VALUES (%s, date_bin('5 minutes', now(), 'epoch'), %s, %s, %s)
    ON CONFLICT (at, name) DO UPDATE SET
        seconds = old.seconds + excluded.seconds,
        cpu_seconds = old.cpu_seconds + excluded.cpu_seconds,
        memory_bytes = greatest(old.memory_bytes, excluded.memory_bytes)
"""


@dataclass(frozen=True)
class Taken:
    """By one process since it was asked before."""

    seconds: float
    cpu_seconds: float
    memory_bytes: int


def add_load(name: str, taken: Taken) -> None:
    with connection.cursor() as cursor:
        cursor.execute(ADD, [name, taken.seconds, taken.cpu_seconds, taken.memory_bytes])


def forget_old(now: datetime | None = None) -> None:
    """A chore."""
    ProcessLoad.objects.filter(at__lt=(now or timezone.now()) - KEPT).delete()
