"""Counts and latencies per endpoint, variant and status, in memory.

`predict` adds; /metrics and the shipper read.
"""

from __future__ import annotations

import threading
from bisect import bisect_left
from dataclasses import dataclass, field
from typing import NamedTuple

# Upper bounds in seconds; one more bucket takes everything above.
BOUNDS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


class Key(NamedTuple):
    """What is counted apart. Requests that reached no endpoint have endpoint_id 0, no variant "" ."""

    endpoint_id: int
    variant: str
    version_id: int
    status: int


@dataclass(slots=True)
class Tally:
    """Requests, rows, seconds in total, and the histogram of seconds (one more entry than BOUNDS)."""

    n_requests: int = 0
    n_rows: int = 0
    seconds: float = 0.0
    histogram: list[int] = field(default_factory=lambda: [0] * (len(BOUNDS) + 1))

    def add(self, other: Tally) -> None:
        self.n_requests += other.n_requests
        self.n_rows += other.n_rows
        self.seconds += other.seconds
        self.histogram = [own + more for own, more in zip(self.histogram, other.histogram, strict=True)]

    def copy(self) -> Tally:
        return Tally(self.n_requests, self.n_rows, self.seconds, list(self.histogram))


class Counters:
    """Thread-safe. `totals` only ever grow (Prometheus); `drain` gives what came since the last drain."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._drained: dict[Key, Tally] = {}  # the sum of all that was drained
        self._recent: dict[Key, Tally] = {}
        self._refused: dict[int, int] = {}

    def refuse(self, endpoint_id: int) -> None:
        """One request that found the endpoint's queue full."""
        with self._lock:
            self._refused[endpoint_id] = self._refused.get(endpoint_id, 0) + 1

    def drain_refused(self) -> dict[int, int]:
        with self._lock:
            refused, self._refused = self._refused, {}
        return refused

    def add(self, key: Key, *, n_rows: int, seconds: float) -> None:
        slot = bisect_left(BOUNDS, seconds)
        with self._lock:
            tally = self._recent.get(key)
            if tally is None:
                tally = self._recent[key] = Tally()
            tally.n_requests += 1
            tally.n_rows += n_rows
            tally.seconds += seconds
            tally.histogram[slot] += 1

    def totals(self) -> dict[Key, Tally]:
        with self._lock:
            found = {key: tally.copy() for key, tally in self._drained.items()}
            for key, tally in self._recent.items():
                found.setdefault(key, Tally()).add(tally)
        return found

    def drain(self) -> dict[Key, Tally]:
        with self._lock:
            recent, self._recent = self._recent, {}
            for key, tally in recent.items():
                self._drained.setdefault(key, Tally()).add(tally)
        return recent
