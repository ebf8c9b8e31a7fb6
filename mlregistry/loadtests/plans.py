"""What a load is and what came of it: plan, target, measurement. `load` fills them, the worker reads them."""

from __future__ import annotations

import ssl
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from mlregistry.loadtests.histogram import Histogram

Shape = Literal["constant", "closed"]
QUANTILES: Mapping[str, float] = {"p50": 0.5, "p90": 0.9, "p99": 0.99, "p99.9": 0.999}
TIMED_OUT, BROKEN, UNSENT = "timed out", "broken", "unsent"
MOST_SLICES = 120


@dataclass(frozen=True, slots=True)
class Target:
    """Where to send, and whole requests as bytes that are sent in turn."""

    host: str
    port: int
    requests: Sequence[bytes]
    tls: ssl.SSLContext | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """`constant`: `rate` requests a second, each at its planned time whether or not earlier ones are answered.
    `closed`: each connection sends its next request when the last one is answered."""

    shape: Shape
    seconds: float
    connections: int
    rate: float = 0.0
    warm_up_seconds: float = 0.0
    timeout_seconds: float = 10.0


@dataclass(slots=True)
class Slice:
    """What was planned within one second of the measured time."""

    histogram: Histogram = field(default_factory=Histogram)
    n_errors: int = 0

    def to_json(self, second: int) -> dict[str, Any]:
        quantiles = {name: self.histogram.quantile(QUANTILES[name]) for name in ("p50", "p99")}
        return {"second": second, "n": self.histogram.n, "n_errors": self.n_errors, **quantiles}


@dataclass(slots=True)
class Measured:
    """Latencies of all requests of the measured time, together and by status: a number, or one of the words above.

    Latency counts from the planned time, so a server that stalls is charged for each request it kept waiting.
    """

    plan: Plan
    histogram: Histogram = field(default_factory=Histogram)
    by_status: dict[str, Histogram] = field(default_factory=dict)
    slices: dict[int, Slice] = field(default_factory=dict)
    seconds: float = 0.0

    def add(self, status: str, seconds: float, *, at: float) -> None:
        """`at` is the planned time from the beginning of the measured time on."""
        part = self.slices.setdefault(max(0, int(at)), Slice())
        self.histogram.add(seconds)
        part.histogram.add(seconds)
        part.n_errors += status != "200"
        self.by_status.setdefault(status, Histogram()).add(seconds)

    @property
    def statuses(self) -> dict[str, int]:
        """How many of each."""
        return {status: histogram.n for status, histogram in self.by_status.items()}

    @property
    def n(self) -> int:
        return self.histogram.n

    @property
    def n_right(self) -> int:
        return self.statuses.get("200", 0)

    @property
    def n_errors(self) -> int:
        return self.n - self.n_right

    @property
    def error_share(self) -> float:
        return self.n_errors / self.n if self.n else 1.0

    @property
    def throughput(self) -> float:
        """Right answers a second."""
        return self.n_right / self.seconds if self.seconds else 0.0

    def figures(self) -> dict[str, Any]:
        """All of it in plain numbers; latencies in seconds."""
        n = self.n
        return {
            **{name: self.histogram.quantile(share) for name, share in QUANTILES.items()},
            "mean": self.histogram.mean, "most": self.histogram.most, "n": n, "seconds": self.seconds,
            "throughput": self.throughput, "error_share": self.error_share if n else 0.0,
            "share_503": self.statuses.get("503", 0) / n if n else 0.0,
            "statuses": dict(sorted(self.statuses.items())),
        }  # fmt: skip

    def over_time(self) -> list[dict[str, Any]]:
        """At most 120 stretches of equal length, each with its number, quantiles and errors."""
        width = max(1, -(-(max(self.slices, default=0) + 1) // MOST_SLICES))
        joined: dict[int, Slice] = {}
        for second, part in sorted(self.slices.items()):
            into = joined.setdefault(second // width * width, Slice())
            into.histogram.merge(part.histogram)
            into.n_errors += part.n_errors
        return [part.to_json(second) for second, part in joined.items()]
