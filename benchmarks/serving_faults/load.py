"""Closed load that remembers every answer: connections in threads that ask again once they are answered.

A request whose connection ends before its answer counts with status 0 and is never sent again.
"""

from __future__ import annotations

import http.client
import json
import threading
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import TracebackType

DROPPED = 0
TIMEOUT_SECONDS = 30.0
REPAIR_SECONDS = 0.02
FIRST_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Seen:
    """An answer; `sent_at` and `at` are of `time.monotonic`."""

    sent_at: float
    at: float
    status: int
    version: str = ""
    prediction_id: str = ""
    why: str = ""


@dataclass
class Load:
    """Use as a context manager: inside, every connection has been answered at least once."""

    port: int
    path: str
    body: bytes
    headers: Mapping[str, str]
    connections: int = 8
    pause_seconds: float = 0.002
    _seen: list[list[Seen]] = field(default_factory=list)
    _threads: list[threading.Thread] = field(default_factory=list)
    _over: threading.Event = field(default_factory=threading.Event)

    def __enter__(self) -> Load:
        self.add(self.connections)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join()

    def add(self, n_connections: int) -> None:
        """More of them; returns when all have been answered."""
        for _ in range(n_connections):
            mine: list[Seen] = []
            thread = threading.Thread(target=self._ask_on, args=(mine,), daemon=True)
            self._seen.append(mine)
            self._threads.append(thread)
            thread.start()
        deadline = time.monotonic() + FIRST_SECONDS
        while not all(self._seen):
            if time.monotonic() > deadline:
                raise SystemExit(f"{self.path} does not answer")
            time.sleep(0.01)

    def seen(self, since: float = float("-inf")) -> list[Seen]:
        """What was answered since then, in the order of the answers."""
        found = [one for mine in self._seen for one in mine[:] if one.at >= since]
        return sorted(found, key=lambda one: one.at)

    def failures(self) -> list[Seen]:
        return [one for one in self.seen() if one.status != 200]

    def answered_ids(self) -> list[str]:
        return [one.prediction_id for one in self.seen() if one.status == 200]

    def await_answers(self, n_each: int = 3) -> None:
        """Until every connection has been answered so often again."""
        before = [len(mine) for mine in self._seen]
        while any(len(mine) < n + n_each for mine, n in zip(self._seen, before, strict=True)):
            time.sleep(0.002)

    def _ask_on(self, mine: list[Seen]) -> None:
        line = self._line()
        while not self._over.is_set():
            sent_at = time.monotonic()
            try:
                mine.append(self._ask(line, sent_at))
            except (OSError, http.client.HTTPException) as error:
                mine.append(Seen(sent_at, time.monotonic(), DROPPED, why=repr(error)))
                line.close()
                line = self._line()
                self._over.wait(REPAIR_SECONDS)
            time.sleep(self.pause_seconds)
        line.close()

    def _line(self) -> http.client.HTTPConnection:
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=TIMEOUT_SECONDS)

    def _ask(self, line: http.client.HTTPConnection, sent_at: float) -> Seen:
        line.request("POST", self.path, self.body, dict(self.headers))
        answer = line.getresponse()
        content = answer.read()
        at = time.monotonic()
        if answer.status != 200:
            return Seen(sent_at, at, answer.status, why=content[:300].decode(errors="replace"))
        version = answer.headers["X-Model-Version"]
        return Seen(sent_at, at, 200, version, json.loads(content)["prediction_ids"][0])


def told(failures: list[Seen]) -> str:
    """What the failures said, for the table; nothing where there are none."""
    kinds = Counter(f"{one.status or 'dropped'} {one.why[:120]}" for one in failures)
    return f" ({', '.join(f'{n} × {kind}' for kind, n in kinds.most_common(3))})" if kinds else ""
