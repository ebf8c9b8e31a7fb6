"""Swap what stands behind an endpoint and wait until every serving process answers by it. The API calls it."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from mlregistry.accounts.actor import Actor
from mlregistry.errors import Invalid
from serving.actions.endpoints import VariantSpec, change_split
from serving.models import Endpoint
from serving.queries import routing
from serving.queries.workers import Standing, standings

LONGEST_WAIT = 120.0
LOOK_SECONDS = 0.05


@dataclass(frozen=True)
class Deployment:
    """How far a change has got: `live` when every process that serves has it."""

    epoch: int
    seconds: float
    workers: tuple[Standing, ...]

    @property
    def live(self) -> bool:
        return all(worker.live for worker in self.workers)

    def to_json(self) -> dict[str, Any]:
        return {
            "live": self.live,
            "epoch": self.epoch,
            "seconds": round(self.seconds, 3),
            "workers": [worker.to_json() for worker in self.workers],
            "waiting_for": [worker.worker for worker in self.workers if not worker.live],
        }


def deploy(
    endpoint: Endpoint,
    variants: Sequence[VariantSpec] | None,
    *,
    wait_seconds: float,
    reason: str = "",
    by: Actor,
) -> Deployment:
    """Sets the variants (None: as they are) and waits; a process that cannot load a version ends the waiting.

    The change stands whatever comes of the waiting: those who have not got it yet go on with the former one.
    """
    if not 0 <= wait_seconds <= LONGEST_WAIT:
        raise Invalid(f"wait is a number of seconds from 0 to {LONGEST_WAIT:g}.", field="wait")
    if variants is not None:
        change_split(endpoint, variants, reason=reason, by=by)
    epoch, began = routing.epoch(), time.monotonic()
    while True:
        found = tuple(standings(endpoint, epoch))
        waited = time.monotonic() - began
        over = all(worker.live or worker.error for worker in found)
        if over or waited >= wait_seconds:
            return Deployment(epoch, waited, found)
        time.sleep(min(LOOK_SECONDS, wait_seconds - waited))
