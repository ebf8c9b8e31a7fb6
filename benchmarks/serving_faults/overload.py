"""Three times as many requests as a slow model can answer: what is still answered, and how soon the rest is refused."""

from __future__ import annotations

import http.client
import threading
import time
from contextlib import closing, suppress
from dataclasses import dataclass, field

from benchmarks.serving_faults import models
from benchmarks.serving_faults.lines import Line
from benchmarks.serving_faults.models import SLOW, alone
from benchmarks.serving_faults.server import Server
from mlregistry.loadtests.load import Beat, run
from mlregistry.loadtests.plans import Measured, Plan, Target

NAME = "overload"
PATH = f"/api/v1/endpoints/{NAME}/invocations"
ROWS = 200
PEAK_CONNECTIONS = 16
CONNECTIONS = 512
N_PEAKS = 3
TIMES = 3
GOODPUT_GOAL = 0.9
FAST_SECONDS = 0.05
TIMEOUT_SECONDS = 30.0


def measure(server: Server, seconds: float = 20.0) -> list[Line]:
    """The peak is the best of three closed loads."""
    server.create(NAME, alone(1, SLOW))
    target = _target(server)
    closed = Plan(
        "closed", seconds / 2, PEAK_CONNECTIONS, warm_up_seconds=1.0, timeout_seconds=TIMEOUT_SECONDS
    )
    peaks = []
    for _ in range(N_PEAKS):
        peaks.append(run(target, closed).throughput)
        time.sleep(1.0)
    peak, hints = max(peaks), Hints(server)
    rate = TIMES * peak
    plan = Plan(
        "constant", seconds, CONNECTIONS, rate=rate, warm_up_seconds=2.0, timeout_seconds=TIMEOUT_SECONDS
    )
    return _lines(peak, run(target, plan, hints.hear), hints.told)


@dataclass
class Hints:
    """What Retry-After says while the load is on, asked by requests beside it until one is refused."""

    server: Server
    told: set[str] = field(default_factory=set)

    def hear(self, beat: Beat) -> None:
        """In a thread of its own: one that is not refused waits long for its answer."""
        if not self.told and beat.fraction < 1:
            threading.Thread(target=self._ask, daemon=True).start()

    def _ask(self) -> None:
        line = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=TIMEOUT_SECONDS)
        with closing(line), suppress(OSError, http.client.HTTPException):
            line.request("POST", PATH, models.body(ROWS), self.server.headers())
            answer = line.getresponse()
            if answer.status == 503:
                self.told.add(answer.headers["Retry-After"] or "missing")


def _target(server: Server) -> Target:
    body = models.body(ROWS)
    fields = {"Host": f"127.0.0.1:{server.port}", **server.headers(), "Content-Length": str(len(body))}
    head = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
    return Target("127.0.0.1", server.port, [f"POST {PATH} HTTP/1.1\r\n{head}\r\n".encode() + body])


def _lines(peak: float, found: Measured, hints: set[str]) -> list[Line]:
    goodput, goal = found.throughput, f"≥ {GOODPUT_GOAL:.0%} of the peak"
    statuses = ", ".join(f"{n:,} × {status}" for status, n in sorted(found.statuses.items()))
    work = f"{TIMES} × the rate at which a forest of {models.N_TREES} trees answers {ROWS} rows a request"
    seen = f"{goodput:.1f} of {peak:.1f} right answers a second ({goodput / peak:.0%}); {statuses}"
    first = Line(work, seen, goal, goodput >= GOODPUT_GOAL * peak)
    return [first, _refusals(found, hints)]


def _refusals(found: Measured, hints: set[str]) -> Line:
    work, goal = (
        "… and the rest of it is refused",
        f"503 with Retry-After, half of them within {FAST_SECONDS * 1000:.0f} ms",
    )
    refused = found.by_status.get("503")
    if refused is None:
        return Line(work, "no request was refused", goal, False)
    middle, late = refused.quantile(0.5) or 0.0, refused.quantile(0.99) or 0.0
    others = found.n - found.n_right - refused.n
    seen = (
        f"{refused.n:,} times, p50 {middle * 1000:.1f} ms and p99 {late * 1000:.1f} ms after the planned time,"
        f" Retry-After {', '.join(hints) or 'not seen'}; {others} neither answered nor refused"
    )
    return Line(work, seen, goal, middle <= FAST_SECONDS and not others and hints == {"1"})
