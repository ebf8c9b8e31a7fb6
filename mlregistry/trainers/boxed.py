"""Runs one command under limits, in a jail or without, and listens to it. Called by the trainer's job.

The process stays in the group of the job: whoever ends that group ends it and all that it has started.
"""

from __future__ import annotations

import contextlib
import os
import resource
import selectors
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from mlregistry.jobs.memory import members, read
from mlregistry.jobs.wire import die_with
from mlregistry.trainers import jail as jails
from mlregistry.trainers.jail import Jail

TICK_SECONDS = 0.2
FOLDER_SECONDS = 1.0
CHUNK = 1 << 16
LAST_OUTPUT = 2_000


@dataclass(frozen=True)
class Limits:
    """Of the command and all that it starts; `output_bytes` is what it may print, `disk_mb` the size of its folder."""

    wall_seconds: int
    cpu_seconds: int
    memory_mb: int
    disk_mb: int
    output_bytes: int = 10_000_000
    processes: int = 64


@dataclass
class Ended:
    """`reason` is why it was stopped; `last` the end of what it printed."""

    status: int = 0
    reason: str = ""
    last: str = ""

    @property
    def problem(self) -> str:
        """One sentence when it did not end well, else nothing."""
        if self.reason or not self.status:
            return self.reason
        if self.status == -signal.SIGXCPU:
            return "It used more processor time than it may."
        line = next((line for line in reversed(self.last.splitlines()) if line.strip()), "")
        told = f" Its last line: {line.strip()[:500]}" if line else ""
        how = f"was ended by signal {-self.status}" if self.status < 0 else f"ended with status {self.status}"
        return f"Its process {how}.{told}"


def run(
    command: Sequence[str],
    *,
    folder: Path,
    environment: Mapping[str, str],
    limits: Limits,
    hear: Callable[[bytes], None],
    tick: Callable[[], str | None],
    jail: Jail | None = None,
    watched: Path | None = None,
) -> Ended:
    """`hear` gets what it prints; a text from `tick` (five times a second) stops it for that reason.

    `watched` is the folder whose size counts, by default the one it runs in.
    """
    parent = os.getpid()

    def prepare() -> None:
        die_with(parent)
        for signum in (signal.SIGINT, signal.SIGTERM, signal.SIGUSR1):
            signal.signal(signum, signal.SIG_DFL)
        _bound(limits)
        if jail is not None:
            jails.enter(jail)

    process = subprocess.Popen(
        list(command),
        cwd=folder,
        env=dict(environment),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        preexec_fn=prepare,
    )
    watch = _Watch(process, limits, hear, tick, watched or folder)
    try:
        return watch.until_ended()
    finally:
        watch.kill()
        process.wait()
        watch.close()


def _bound(limits: Limits) -> None:
    for name, value in (
        (resource.RLIMIT_CPU, limits.cpu_seconds + 5),  # the watch sees it before and tells why
        (resource.RLIMIT_FSIZE, limits.disk_mb * 2**20),
        (resource.RLIMIT_DATA, limits.memory_mb * 2**20),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_NOFILE, 1024),
    ):
        hard = resource.getrlimit(name)[1]
        most = value if hard == resource.RLIM_INFINITY else min(value, hard)
        resource.setrlimit(name, (most, most))


class _Watch:
    def __init__(
        self,
        process: subprocess.Popen[bytes],
        limits: Limits,
        hear: Callable[[bytes], None],
        tick: Callable[[], str | None],
        watched: Path,
    ) -> None:
        self.process, self.limits, self.hear, self.tick, self.watched = process, limits, hear, tick, watched
        self.ended, self.n_output, self.last = Ended(), 0, b""
        self.started = self.looked = time.monotonic()
        assert process.stdout is not None  # noqa: S101  # it was asked for
        self.output = process.stdout
        os.set_blocking(self.output.fileno(), False)
        self.selector = selectors.DefaultSelector()
        self.selector.register(self.output, selectors.EVENT_READ)

    def until_ended(self) -> Ended:
        next_tick = self.started
        while self.process.poll() is None:
            if self.selector.get_map():
                for _ in self.selector.select(TICK_SECONDS):
                    self._read()
            else:
                time.sleep(TICK_SECONDS)
            if time.monotonic() >= next_tick:
                next_tick = time.monotonic() + TICK_SECONDS
                self._stop(self._over() or self.tick())
        while self.selector.get_map() and self.selector.select(0) and not self.ended.reason:
            self._read()
        self.ended.status = self.process.returncode
        self.ended.last = self.last.decode("utf-8", "replace")
        return self.ended

    def close(self) -> None:
        self.selector.close()
        self.output.close()

    def kill(self) -> None:
        """It and all that descend from it."""
        if self.process.returncode is None:
            for member in reversed(members(self.process.pid)):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(member, signal.SIGKILL)

    def _read(self) -> None:
        try:
            data = os.read(self.output.fileno(), CHUNK)
        except BlockingIOError:
            return
        if not data:
            self.selector.unregister(self.output)
            return
        room = max(0, self.limits.output_bytes - self.n_output)
        self.n_output += len(data)
        self.hear(data[:room])
        self.last = (self.last + data)[-LAST_OUTPUT:]
        if self.n_output > self.limits.output_bytes:
            self._stop(f"It printed more than {self.limits.output_bytes / 1e6:g} MB.")

    def _over(self) -> str | None:
        now = time.monotonic()
        if now - self.started > self.limits.wall_seconds:
            return f"It took longer than {self.limits.wall_seconds:,} seconds."
        used = read(self.process.pid)
        if used.cpu_seconds > self.limits.cpu_seconds:
            return f"It used more than {self.limits.cpu_seconds:,} seconds of processor time."
        if used.memory_mb > self.limits.memory_mb:
            return f"It used more than {self.limits.memory_mb:,} MB of memory."
        if len(members(self.process.pid)) > self.limits.processes:
            return f"It started more than {self.limits.processes} processes."
        if now - self.looked > FOLDER_SECONDS:
            self.looked = now
            if size_mb(self.watched) > self.limits.disk_mb:
                return f"It wrote more than {self.limits.disk_mb:,} MB of files."
        return None

    def _stop(self, reason: str | None) -> None:
        if reason and not self.ended.reason:
            self.ended.reason = reason
            self.kill()


def size_mb(folder: Path) -> float:
    """What the files below take on the disk; a file may vanish meanwhile, links count as themselves."""
    total = 0
    for place, _, names in os.walk(folder):
        for name in names:
            with contextlib.suppress(OSError):
                total += os.lstat(os.path.join(place, name)).st_blocks * 512
    return total / 2**20
