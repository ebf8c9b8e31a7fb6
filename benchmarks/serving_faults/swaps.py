"""Versions and weights change a thousand times under load; a request that is not answered with 200 is a failure."""

from __future__ import annotations

import time
from dataclasses import dataclass

from benchmarks.serving_faults.lines import Line
from benchmarks.serving_faults.load import Seen, told
from benchmarks.serving_faults.models import alone, variant
from benchmarks.serving_faults.server import Server

NAME = "swaps"
# Each step changes weights or versions, in turn, and every other one brings a version that no process has in memory.
STEPS = (
    (alone(1),),
    (variant("only", 1, 70), variant("next", 2, 30)),
    (alone(2),),
    (variant("only", 2, 70), variant("next", 1, 30)),
)


@dataclass(frozen=True)
class Swapped:
    """`n_late` changes were not in every process within two minutes."""

    seconds: float
    seen: list[Seen]
    n_late: int

    @property
    def failed(self) -> list[Seen]:
        return [one for one in self.seen if one.status != 200]

    def n_by(self, version: str) -> int:
        return sum(one.version == version for one in self.seen)


def measure(server: Server, n_changes: int = 1000) -> list[Line]:
    found = swapped(server, n_changes)
    failed, by_version = found.failed, (found.n_by("1"), found.n_by("2"))
    seen = (
        f"{len(found.seen):,} requests in {found.seconds:.0f} s, {len(failed)} failed{told(failed)}; {found.n_late}"
        f" changes not in every process; answered by version 1: {by_version[0]:,}, by 2: {by_version[1]:,}"
    )
    work = f"{n_changes:,} changes of version and of weights under load"
    return [Line(work, seen, "0 failed requests", not failed and not found.n_late and all(by_version))]


def swapped(server: Server, n_changes: int) -> Swapped:
    """Each change is waited for until every process serves by it."""
    server.create(NAME, *STEPS[0])
    began, n_late = time.monotonic(), 0
    with server.load(NAME) as load:
        for number in range(1, n_changes + 1):
            status, answer = server.deploy(NAME, *STEPS[number % len(STEPS)])
            if status not in (200, 202):
                raise SystemExit(f"change {number} was answered {status}: {answer}")
            n_late += status == 202
        load.await_answers()
    return Swapped(time.monotonic() - began, load.seen(), n_late)
