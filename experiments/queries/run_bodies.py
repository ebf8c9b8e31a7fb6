"""What runs logged, as JSON, kept in memory for as long as it is true: each run counts its changes.

Called by run_documents. The database raises the count with every write (see the migration of its triggers),
so what is kept under a run's present count is what the database would say now.
"""

from __future__ import annotations

import threading
import uuid
from collections import OrderedDict
from collections.abc import Callable, Mapping

MOST_BYTES = 64 * 1024 * 1024
OVERHEAD_BYTES = 200

Reader = Callable[[list[uuid.UUID]], Mapping[uuid.UUID, str]]


class Bodies:
    """The least recently used give way; a body over a hundredth of the room is not kept."""

    def __init__(self, most_bytes: int = MOST_BYTES) -> None:
        self.most_bytes = most_bytes
        self.n_bytes = 0
        self._kept: OrderedDict[uuid.UUID, tuple[int, str]] = OrderedDict()
        self._lock = threading.Lock()

    def of(self, changes: Mapping[uuid.UUID, int], read: Reader) -> dict[uuid.UUID, str]:
        """The body of each run at this count of changes; what is not known is read together."""
        found: dict[uuid.UUID, str] = {}
        with self._lock:
            for run_id, count in changes.items():
                kept = self._kept.get(run_id)
                if kept is not None and kept[0] == count:
                    self._kept.move_to_end(run_id)
                    found[run_id] = kept[1]
        missing = [run_id for run_id in changes if run_id not in found]
        if missing:
            # Read after the count: it may hold a later change, and then counts as older than it is.
            for run_id, body in read(missing).items():
                found[run_id] = body
                self._keep(run_id, changes[run_id], body)
        return found

    def clear(self) -> None:
        with self._lock:
            self._kept.clear()
            self.n_bytes = 0

    def _keep(self, run_id: uuid.UUID, count: int, body: str) -> None:
        if len(body) > self.most_bytes // 100:
            return
        with self._lock:
            former = self._kept.pop(run_id, None)
            if former is not None:
                self.n_bytes -= len(former[1]) + OVERHEAD_BYTES
            self._kept[run_id] = (count, body)
            self.n_bytes += len(body) + OVERHEAD_BYTES
            while self.n_bytes > self.most_bytes:
                _, (_, dropped) = self._kept.popitem(last=False)
                self.n_bytes -= len(dropped) + OVERHEAD_BYTES
