"""What a row of the data benchmark is, and how a command's processor time and memory are measured.

Used by the modules beside this one; each names its rows, `benchmarks.data` prints them.
"""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

CPU, MEMORY, SECONDS = "CPU-s", "MB", "s"
Figures = Mapping[str, float]  # unit → figure


@dataclass(frozen=True)
class Ground:
    """Where the tables of a run lie, and where environments of peers are made."""

    folder: Path
    peers_folder: Path
    threads: int = 2


@dataclass(frozen=True)
class Goal:
    """At most `most` of a unit, or at least `least` of it."""

    unit: str
    most: float | None = None
    least: float | None = None

    def met(self, figures: Figures) -> bool | None:
        found = figures.get(self.unit)
        if found is None:
            return None
        return (self.most is None or found <= self.most) and (self.least is None or found >= self.least)

    def __str__(self) -> str:
        return f"≤ {self.most:g} {self.unit}" if self.most is not None else f"≥ {self.least:g} {self.unit}"


@dataclass(frozen=True)
class Row:
    """One line of the table. `measure` sees the figures of the rows before it, by their titles."""

    title: str
    measure: Callable[[Ground, Mapping[str, Figures]], Figures]
    goals: Sequence[Goal] = field(default=())
    size: str = "usual"  # or "large": only when asked for


def of_command(command: Sequence[str]) -> dict[str, float]:
    """Processor seconds, peak memory and wall seconds of a command, by its own process's accounts."""
    started = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, command)
    seconds = time.perf_counter() - started
    return {CPU: usage.ru_utime + usage.ru_stime, MEMORY: usage.ru_maxrss / 1024, SECONDS: seconds}
