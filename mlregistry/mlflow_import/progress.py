"""How far a long command is: a bar on a terminal, a line now and then elsewhere. Called by the commands."""

from __future__ import annotations

import time
from typing import TextIO

WIDTH = 28
BAR_SECONDS, LINE_SECONDS = 0.2, 10.0


class Progress:
    """`add` after each run; `total` may grow, and is None where nobody knows it."""

    def __init__(self, stream: TextIO) -> None:
        self._stream, self._terminal = stream, stream.isatty()
        self._began = self._told = time.monotonic()
        self.total: int | None = 0
        self.n_runs = self.n_points = 0

    def expect(self, n: int | None) -> None:
        self.total = None if n is None or self.total is None else self.total + n

    def add(self, n_points: int) -> None:
        self.n_runs += 1
        self.n_points += n_points
        now = time.monotonic()
        if now - self._told >= (BAR_SECONDS if self._terminal else LINE_SECONDS):
            self._told = now
            self._tell(now)

    def close(self) -> None:
        self._tell(time.monotonic())
        if self._terminal:
            self._stream.write("\n")

    def _tell(self, now: float) -> None:
        text = self.text(now - self._began)
        self._stream.write(f"\r\x1b[K{text}" if self._terminal else f"{text}\n")
        self._stream.flush()

    def text(self, seconds: float) -> str:
        """Such as `[####----] 50 % 100 of 200 runs, 20.0 runs/s, 5,000 points, 0:05 left`."""
        rate = self.n_runs / max(seconds, 1e-9)
        tail = f"{rate:,.1f} runs/s, {self.n_points:,} points"
        if not self.total:
            return f"{self.n_runs:,} runs, {tail}"
        share = min(1.0, self.n_runs / self.total)
        left = (self.total - self.n_runs) / rate if rate else 0.0
        bar = "#" * round(share * WIDTH)
        return (
            f"[{bar:-<{WIDTH}}] {share:4.0%} {self.n_runs:,} of {self.total:,} runs, {tail},"
            f" {int(left) // 60}:{int(left) % 60:02} left"
        )
