"""Signs of life of the processes that do the background work. Called by each engine's worker and by the scheduler."""

import os
import socket
import time
from collections.abc import Sequence
from datetime import timedelta

from django.db import Error as DatabaseError
from django.db import connection
from django.utils import timezone

from mlregistry import __version__
from mlregistry.jobs.models import WorkerProcess

BEAT_SECONDS = 10.0
ALIVE_SECONDS = 45.0  # without a sign of life for so long, a process counts as gone
KEPT = timedelta(days=1)


def own_name(suffix: str = "") -> str:
    """As jobs name their worker, without the thread."""
    return f"{socket.gethostname()[:150]}:{os.getpid()}{suffix}"


class Pulse:
    """One process's signs of life, at most one in BEAT_SECONDS however often it is asked."""

    def __init__(
        self, engine: str, queues: Sequence[str] = (), *, n_slots: int = 1, name: str | None = None
    ) -> None:
        self._name = name
        self._row = {
            "engine": engine,
            "queues": list(queues),
            "n_slots": n_slots,
            "version": __version__,
        }
        self._started_at = timezone.now()
        self._next = 0.0

    def beat(self, *, and_close: bool = False) -> None:
        """Says it; raises DatabaseError when the database is away. `and_close` for processes that fork."""
        if time.monotonic() < self._next:
            return
        self._next = time.monotonic() + BEAT_SECONDS
        now = timezone.now()
        try:
            WorkerProcess.objects.update_or_create(
                name=self._name or own_name(),
                defaults={"beat_at": now, **self._row},
                create_defaults={"beat_at": now, "started_at": self._started_at, **self._row},
            )
        finally:
            if and_close:
                connection.close()

    def end(self) -> None:
        """The process stops in order; one that cannot say so is missed after ALIVE_SECONDS."""
        try:
            WorkerProcess.objects.filter(name=self._name or own_name()).delete()
        except DatabaseError:
            connection.close()


def forget_gone() -> int:
    """Rows of processes that went long ago; how many."""
    gone, _ = WorkerProcess.objects.filter(beat_at__lt=timezone.now() - KEPT).delete()
    return gone
