"""The snapshot in force in this process. The epoch listener offers new ones; the doors read `current`."""

from __future__ import annotations

import logging
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from serving.hotpath import snapshot as snapshots
from serving.hotpath.models import ModelCache
from serving.hotpath.snapshot import Address, Endpoint, Scorer, Snapshot

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Failure:
    """An endpoint whose new version could not be loaded. `kept`: its former routing goes on answering."""

    endpoint: Address
    endpoint_id: int
    version_id: int
    message: str
    kept: bool


class Live:
    """Swaps whole snapshots: models are loaded and warmed first, then one assignment makes them visible."""

    def __init__(self, models: ModelCache, *, kept_at: Path | None = None) -> None:
        self.models = models
        self.kept_at = kept_at
        self.current = Snapshot()
        self._lock = threading.Lock()

    def offer(self, snapshot: Snapshot) -> list[Failure]:
        """Puts a snapshot in force unless a newer one already is. Endpoints that cannot be loaded keep their
        former routing (tokens and all other endpoints change); offer the snapshot again to retry them."""
        with self._lock:
            if snapshot.epoch < self.current.epoch:
                return []
            loaded, errors = self.models.load_all(snapshot.handles())
            endpoints: list[Endpoint] = []
            failures: list[Failure] = []
            for address, endpoint in snapshot.endpoints.items():
                missing = [v.model.version_id for v in endpoint.variants if v.model.version_id in errors]
                former = self.current.endpoints.get(address) if missing else None
                endpoints.append(former or endpoint)
                failures += [
                    Failure(Address(*address), endpoint.id, i, str(errors[i]), former is not None)
                    for i in missing
                ]
            self._swap(snapshots.snapshot_of(endpoints, snapshot.tokens, epoch=snapshot.epoch), loaded)
        for failure in failures:
            logger.error("endpoint %s/%s: %s", *failure.endpoint, failure.message)
        return failures

    def recover(self) -> bool:
        """Puts the kept snapshot in force, for a start without the database. False where there is none."""
        kept = snapshots.load(self.kept_at) if self.kept_at else None
        if kept is None:
            return False
        self.offer(kept)
        return True

    def _swap(self, snapshot: Snapshot, loaded: Mapping[int, Scorer]) -> None:
        former = self.current.models
        needed = snapshot.version_ids()
        ready = {i: model for i, model in {**former, **loaded}.items() if i in needed}
        self.current = snapshots.with_models(snapshot, ready)
        self.models.evict(keep=needed)
        if self.kept_at:
            self._keep(snapshot, self.kept_at)

    def _keep(self, snapshot: Snapshot, path: Path) -> None:
        try:
            snapshots.save(snapshot, path)
        except OSError:
            logger.exception("the routing snapshot could not be kept")  # serving goes on without it
