"""Which serving processes run, and which of them have an epoch. `serving.actions.deploying` asks."""

import socket
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import psutil
from django.utils import timezone

from serving.models import Endpoint, ServingWorker

QUIET = timedelta(seconds=15)  # a process that has said nothing for so long is taken for dead


@dataclass(frozen=True)
class Standing:
    """One process: whether it answers by the epoch, and why not this endpoint, if it could not load it."""

    worker: str
    epoch: int
    live: bool
    error: str = ""

    def to_json(self) -> dict[str, Any]:
        return {"worker": self.worker, "epoch": self.epoch, "live": self.live, "error": self.error}


def standings(endpoint: Endpoint, epoch: int) -> list[Standing]:
    """Of every process that serves now."""
    rows = ServingWorker.objects.filter(seen_at__gte=timezone.now() - QUIET).order_by("name")
    return [_standing(row, endpoint, epoch) for row in rows if _runs(row)]


def _standing(row: ServingWorker, endpoint: Endpoint, epoch: int) -> Standing:
    error = str(row.failures.get(str(endpoint.pk), "")) if row.epoch >= epoch else ""
    return Standing(row.name, row.epoch, row.epoch >= epoch and not error, error)


def _runs(row: ServingWorker) -> bool:
    """A process of this machine can be looked for; those of others are believed."""
    return row.host != socket.gethostname()[:100] or psutil.pid_exists(row.pid)
