"""Latencies as counts in buckets of equal ratio, so that quantiles cost no list of all of them. `load` adds to it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

LEAST_SECONDS = 1e-5
RATIO = 1.02  # between two bounds: a quantile is at most 2 % too high
_STEP = math.log(RATIO)


class Histogram:
    """Seconds by bucket; sparse. Quantiles are the upper bound of their bucket, never above the maximum."""

    __slots__ = ("counts", "most", "n", "seconds")

    def __init__(self) -> None:
        self.counts: dict[int, int] = {}
        self.n = 0
        self.seconds = 0.0
        self.most = 0.0

    def add(self, seconds: float) -> None:
        place = 0 if seconds <= LEAST_SECONDS else math.ceil(math.log(seconds / LEAST_SECONDS) / _STEP)
        self.counts[place] = self.counts.get(place, 0) + 1
        self.n += 1
        self.seconds += seconds
        self.most = max(self.most, seconds)

    def merge(self, other: Histogram) -> None:
        for place, n in other.counts.items():
            self.counts[place] = self.counts.get(place, 0) + n
        self.n += other.n
        self.seconds += other.seconds
        self.most = max(self.most, other.most)

    def quantile(self, share: float) -> float | None:
        """The seconds within which this share (0 to 1) was answered; None when nothing was."""
        if not self.n:
            return None
        wanted, seen = max(1, math.ceil(share * self.n)), 0
        for place in sorted(self.counts):
            seen += self.counts[place]
            if seen >= wanted:
                return min(LEAST_SECONDS * RATIO**place, self.most)
        return self.most

    @property
    def mean(self) -> float | None:
        return self.seconds / self.n if self.n else None

    def bars(self) -> list[tuple[float, int]]:
        """Upper bounds in seconds, rising, with their counts."""
        return [(LEAST_SECONDS * RATIO**place, self.counts[place]) for place in sorted(self.counts)]

    def to_json(self) -> dict[str, Any]:
        counts = {str(place): self.counts[place] for place in sorted(self.counts)}
        return {"ratio": RATIO, "least": LEAST_SECONDS, "n": self.n, "seconds": self.seconds, "most": self.most,
                "counts": counts}  # fmt: skip

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Histogram:
        found = cls()
        found.counts = {int(place): int(n) for place, n in data["counts"].items()}
        found.n, found.seconds, found.most = int(data["n"]), float(data["seconds"]), float(data["most"])
        return found
