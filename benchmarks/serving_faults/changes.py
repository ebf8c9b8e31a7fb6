"""How long after the API's answer the former split or version still answers, in any process."""

from __future__ import annotations

import statistics
import time
from dataclasses import dataclass
from typing import Any

from benchmarks.serving_faults.lines import Line
from benchmarks.serving_faults.load import Load
from benchmarks.serving_faults.models import alone, variant
from benchmarks.serving_faults.server import Server

NAME = "changes"
WEIGHT_GOAL, ROLLBACK_GOAL = 1.0, 2.0


@dataclass(frozen=True)
class Changed:
    """Seconds of each change; how many connections asked each process; how many requests failed."""

    weights: list[float]
    rollbacks: list[float]
    asked: dict[int, int]
    n_failed: int

    @property
    def right(self) -> bool:
        """Nothing failed, and every process was asked all the time."""
        return len(self.asked) > 1 and all(self.asked.values()) and not self.n_failed


def measure(server: Server, n_times: int = 20) -> list[Line]:
    found = changed(server, n_times)
    return [
        _line("a change of weights is live in every process", found.weights, WEIGHT_GOAL, found),
        _line("a rollback to the former version, read from its file", found.rollbacks, ROLLBACK_GOAL, found),
    ]


def changed(server: Server, n_times: int) -> Changed:
    """Both versions stay behind the endpoint while weights change; a rollback loads the former one from its file."""
    server.create(NAME, *_weights(100))
    with server.load(NAME) as load:
        while not all((asked := server.asked_workers()).values()):
            load.add(1)
        weights = [
            _seconds(server, load, _weights(0 if n % 2 == 0 else 100), "21"[n % 2]) for n in range(n_times)
        ]
        rollbacks = []
        for _ in range(n_times):
            _seconds(server, load, [alone(2)], "2")
            rollbacks.append(_seconds(server, load, [alone(1)], "1"))
    return Changed(weights, rollbacks, asked, len(load.failures()))


def _weights(first: float) -> list[dict[str, Any]]:
    return [variant("a", 1, first), variant("b", 2, 100 - first)]


def _seconds(server: Server, load: Load, variants: list[dict[str, Any]], version: str) -> float:
    """From the API's answer to the last answer of another version, by what the requests say."""
    server.put(NAME, *variants)
    changed_at = time.monotonic()
    status, answer = server.deploy(NAME)
    if status != 200:
        raise SystemExit(f"The change was not live: {answer}")
    load.await_answers()
    told_live_at = time.monotonic()
    load.await_answers()
    late = [one for one in load.seen(changed_at) if one.status == 200 and one.version != version]
    if any(one.sent_at > told_live_at for one in late):
        raise SystemExit("A process answered by the former routing after it was told to have the new one.")
    return max((one.at - changed_at for one in late), default=0.0)


def _line(work: str, seconds: list[float], goal: float, found: Changed) -> Line:
    middle, worst = statistics.median(seconds), max(seconds)
    asked = " and ".join(map(str, found.asked.values()))
    seen = (
        f"median {middle * 1000:.0f} ms, worst {worst * 1000:.0f} ms of {len(seconds)}; connections to each process:"
        f" {asked}; {found.n_failed} failed requests"
    )
    return Line(work, seen, f"≤ {goal:g} s", found.right and worst <= goal)
