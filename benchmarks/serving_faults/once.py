"""Whether every answered prediction is in the log table, once."""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import dataclass

from benchmarks.serving_faults.server import Server

PATIENCE_SECONDS = 180.0


@dataclass(frozen=True)
class Kept:
    n_answered: int
    n_missing: int
    n_doubled: int

    @property
    def right(self) -> bool:
        return self.n_answered > 0 and not self.n_missing and not self.n_doubled

    def __str__(self) -> str:
        return f"{self.n_answered:,} answered, {self.n_missing} missing in the log, {self.n_doubled} doubled"


def kept(server: Server, name: str, answered: list[str]) -> Kept:
    """Waits until the log has what it is to have, or nothing more comes within three minutes."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        logged = Counter(server.logged_ids(name))
        missing = set(answered) - set(logged)
        if not missing or time.monotonic() > deadline:
            doubled = sum(n > 1 for n in logged.values()) + len(answered) - len(set(answered))
            return Kept(len(answered), len(missing), doubled)
        time.sleep(0.2)
