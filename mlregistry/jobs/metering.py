"""Counts what one attempt at a job uses: processor, memory over time, bytes, phases, cost. Used by supervision."""

from dataclasses import dataclass, field
from typing import Any

from django.conf import settings

from . import memory
from .claiming import Attempt
from .memory import Reading

SAMPLE_SECONDS = 1.0
STORE_SECONDS = 2.0
MOST_SAMPLES = 600
MOST_PHASES = 20
LONGEST_PHASE = 40
FIRST_PHASE, OTHER_PHASE = "start", "other"
SERIES = ("seconds", "processors", "memory_mb", "read_mb", "written_mb")


@dataclass
class Meter:
    """Fed with moments of one clock; `columns` are of the job's row, `samples` of its row of arrays."""

    attempt: Attempt
    pid: int
    began: float
    every: float = SAMPLE_SECONDS
    next_sample: float = 0.0
    next_store: float = 0.0
    latest: Reading = field(default_factory=Reading)
    at: float = 0.0
    gb_seconds: float = 0.0
    peak_mb: float = 0.0
    series: dict[str, list[float]] = field(default_factory=lambda: {name: [] for name in SERIES})
    phases: dict[str, float] = field(default_factory=dict)
    phase: str = FIRST_PHASE
    phase_began: float = 0.0

    def __post_init__(self) -> None:
        self.at = self.phase_began = self.began

    def saw(self, memory_mb: float) -> None:
        """A look at the memory between samples."""
        self.peak_mb = max(self.peak_mb, memory_mb)

    def tick(self, now: float) -> None:
        """Take a sample when it is time for one."""
        if now < self.next_sample:
            return
        self.next_sample = now + self.every
        reading = memory.read(self.pid)
        if not reading.memory_mb:
            return
        before, seconds = self.latest, now - self.at
        reading = Reading(
            reading.memory_mb,
            max(before.cpu_seconds, reading.cpu_seconds),
            max(before.bytes_read, reading.bytes_read),
            max(before.bytes_written, reading.bytes_written),
        )
        self.saw(reading.memory_mb)
        self.gb_seconds += seconds * (before.memory_mb or reading.memory_mb) / 1024
        if seconds > 0:
            self._keep(now, reading, before, seconds)
        self.latest, self.at = reading, now

    def enter(self, phase: str, now: float) -> None:
        """The work is in another phase from now on."""
        self._close_phase(now)
        known = phase in self.phases or len(self.phases) < MOST_PHASES
        self.phase = phase[:LONGEST_PHASE] if known else OTHER_PHASE

    def end(self, now: float, *, cpu_seconds: float | None, peak_mb: float | None) -> None:
        """The child has ended: its own account of processor time is exact."""
        self.gb_seconds += (now - self.at) * self.latest.memory_mb / 1024
        cpu = max(self.latest.cpu_seconds, cpu_seconds or 0.0)
        self.latest = Reading(0.0, cpu, self.latest.bytes_read, self.latest.bytes_written)
        self.at = now
        self.saw(peak_mb or 0.0)
        self._close_phase(now)

    def columns(self, now: float) -> dict[str, Any]:
        """The job's totals so far, this attempt on top of those before."""
        before, wall = self.attempt.before, now - self.began
        offer = settings.JOB_CLASSES.get(self.attempt.queue)
        gpu = wall * offer.n_gpus if offer else 0.0
        mine = {"cpu_seconds": self.latest.cpu_seconds, "gb_seconds": self.gb_seconds, "gpu_seconds": gpu}
        running = {self.phase: now - self.phase_began} if now > self.phase_began else {}
        phases = self.phases | {
            name: self.phases.get(name, 0.0) + seconds for name, seconds in running.items()
        }
        return {
            **{name: before[name] + value for name, value in mine.items()},
            "wall_seconds": before["wall_seconds"] + wall,
            "bytes_read": int(before["bytes_read"]) + self.latest.bytes_read,
            "bytes_written": int(before["bytes_written"]) + self.latest.bytes_written,
            "cost": before["cost"] + settings.PRICES.cost(**mine),
            "peak_memory_mb": max(before["peak_memory_mb"], self.peak_mb),
            "phases": [[name, round(seconds, 3)] for name, seconds in phases.items()],
        }

    def samples(self, now: float, *, final: bool = False) -> dict[str, list[float]] | None:
        """All samples, when it is time to store them."""
        if not self.series["seconds"] or (now < self.next_store and not final):
            return None
        self.next_store = now + max(STORE_SECONDS, self.every)
        return self.series

    def _keep(self, now: float, reading: Reading, before: Reading, seconds: float) -> None:
        values = (
            now - self.began,
            (reading.cpu_seconds - before.cpu_seconds) / seconds,
            reading.memory_mb,
            (reading.bytes_read - before.bytes_read) / seconds / 2**20,
            (reading.bytes_written - before.bytes_written) / seconds / 2**20,
        )
        for name, value in zip(SERIES, values, strict=True):
            self.series[name].append(round(value, 3))
        if len(self.series["seconds"]) >= MOST_SAMPLES:
            self.series = {name: row[1::2] for name, row in self.series.items()}
            self.every *= 2

    def _close_phase(self, now: float) -> None:
        seconds, self.phase_began = now - self.phase_began, now
        if seconds > 0:
            self.phases[self.phase] = self.phases.get(self.phase, 0.0) + seconds
