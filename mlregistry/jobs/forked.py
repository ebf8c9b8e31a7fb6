"""One piece of work in a fork of the calling process, held to limits and listened to. Called by jobs with many pieces.

The caller must not have started threads of its own, OpenMP's included: a fork has none of them and waits for ever.
"""

import contextlib
import gc
import json
import os
import resource
import selectors
import signal
import sys
import time
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any

from mlregistry.errors import MlregistryError

from .memory import members, resident_mb
from .wire import die_with, read_chunk

TICK_SECONDS = 0.1
KEPT_OUTPUT = 4000
Send = Callable[[dict[str, Any]], None]


@dataclass(frozen=True)
class Limits:
    """`memory_mb` is what it may take beyond what the caller holds; without a bound, output is the caller's own."""

    seconds: float
    memory_mb: int
    output_bytes: int | None = 10_000_000


@dataclass
class Ended:
    """`reason` is why it was stopped, by a limit or by the caller; `error` what it said itself."""

    reason: str = ""
    error: str = ""
    status: int = 0
    seconds: float = 0.0
    cpu_seconds: float = 0.0
    peak_memory_mb: float = 0.0
    output: str = ""
    modules: list[str] = field(default_factory=list)
    """What it imported that the caller had not; see `warm`."""

    @property
    def problem(self) -> str:
        """One sentence when it did not end well, else nothing."""
        if self.reason or self.error:
            return self.reason or self.error
        if self.status < 0:
            return f"Its process was ended by signal {-self.status}; the machine may have run out of memory."
        return f"Its process ended with status {self.status}." if self.status else ""


def run(
    work: Callable[[Send], None],
    *,
    limits: Limits,
    hear: Callable[[dict[str, Any]], str | None],
    tick: Callable[[], str | None],
) -> Ended:
    """`work` sends JSON to `hear`; a text from `hear` or `tick` (ten times a second) stops it for that reason."""
    said_read, said_write = os.pipe()
    out_read, out_write = os.pipe()
    parent = os.getpid()
    sys.stdout.flush()
    sys.stderr.flush()
    base_mb = resident_mb(os.getpid())
    gc.freeze()
    pid = os.fork()
    if pid == 0:
        os.close(said_read)
        os.close(out_read)
        _become(work, said_write, out_write, parent, limits)
    gc.unfreeze()
    os.close(said_write)
    os.close(out_write)
    watch = Watch(pid, said_read, out_read, limits, hear, tick, base_mb)
    try:
        return watch.until_ended()
    finally:
        watch.close()


def warm(modules: Sequence[str]) -> None:
    """Import what a fork had to import for itself, so that the next one finds it there."""
    for name in modules:
        if name not in sys.modules:
            with contextlib.suppress(Exception):  # whatever a package may do, the work goes on without it
                import_module(name)


def _become(work: Callable[[Send], None], said: int, out: int, parent: int, limits: Limits) -> None:
    """The child's whole life; it ends without cleaning up what belongs to the caller."""
    status = 1
    try:
        die_with(parent)
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        if limits.output_bytes is not None:
            os.dup2(out, 1)
            os.dup2(out, 2)
        os.close(out)
        _bound_memory(limits.memory_mb)

        def send(message: dict[str, Any]) -> None:
            line = json.dumps(message).encode() + b"\n"
            while line:
                line = line[os.write(said, line) :]

        known = set(sys.modules)
        try:
            work(send)
            send({"modules": sorted(set(sys.modules) - known)})
            status = 0
        except BaseException as error:  # estimators may raise anything
            send({"error": _sentence(error)})
            if not isinstance(error, MlregistryError):
                traceback.print_exc()
        sys.stdout.flush()
        sys.stderr.flush()
    finally:
        os._exit(status)


def _bound_memory(memory_mb: int) -> None:
    """A request beyond the limit fails at once with MemoryError; the watch sees what grows otherwise."""
    held = next(
        int(line.split()[1]) * 1024
        for line in Path("/proc/self/status").read_text().splitlines()
        if line.startswith("VmData")
    )
    _, hard = resource.getrlimit(resource.RLIMIT_DATA)
    resource.setrlimit(resource.RLIMIT_DATA, (held + memory_mb * 2**20, hard))


def _sentence(error: BaseException) -> str:
    if isinstance(error, MlregistryError):
        return error.message
    if isinstance(error, MemoryError):
        return "It ran out of memory."
    return "".join(traceback.format_exception_only(error)).strip()[:KEPT_OUTPUT]


class Watch:
    """The caller's side of one child: reads what it says, holds it to its limits, reaps it."""

    def __init__(
        self,
        pid: int,
        said: int,
        out: int,
        limits: Limits,
        hear: Callable[[dict[str, Any]], str | None],
        tick: Callable[[], str | None],
        base_mb: float,
    ) -> None:
        self.pid, self.limits, self.hear, self.tick = pid, limits, hear, tick
        self.started = time.monotonic()
        self.base_mb = base_mb
        self.ended = Ended()
        self.buffer, self.output, self.n_output = b"", b"", 0
        self.handle = os.pidfd_open(pid)
        self.files = (said, out)
        self.selector = selectors.DefaultSelector()
        for file, read in ((said, self._hear), (out, self._read_output), (self.handle, None)):
            os.set_blocking(file, False)
            self.selector.register(file, selectors.EVENT_READ, read)

    def until_ended(self) -> Ended:
        next_tick = self.started + TICK_SECONDS
        while not self._read(max(0.0, next_tick - time.monotonic())):
            if time.monotonic() >= next_tick:
                next_tick = time.monotonic() + TICK_SECONDS
                self._stop(self._over() or self.tick())
        self._reap()
        self._drain()
        if self.ended.status == -signal.SIGTERM and not self.ended.reason:
            # Whoever asked the caller to stop has asked its whole group: the caller says what that means.
            self.ended.reason = self.tick() or ""
        self.ended.output = self.output.decode("utf-8", errors="replace")
        return self.ended

    def close(self) -> None:
        """Whatever is left of the child ends here, also when the caller's own code raised."""
        if self.pid:
            self._kill()
            os.waitpid(self.pid, 0)
        self.selector.close()
        for file in (*self.files, self.handle):
            os.close(file)

    def _read(self, timeout: float) -> bool:
        """True once the child has ended."""
        ended = False
        for key, _ in self.selector.select(timeout):
            if key.data is None:
                ended = True
            else:
                key.data()
        return ended

    def _hear(self) -> None:
        *lines, self.buffer = (self.buffer + read_chunk(self.selector, self.files[0])).split(b"\n")
        for line in lines:
            message = json.loads(line)
            if "error" in message:
                self.ended.error = str(message["error"])
            elif "modules" in message:
                self.ended.modules = message["modules"]
            else:
                self._stop(self.hear(message))

    def _read_output(self) -> None:
        data = read_chunk(self.selector, self.files[1])
        self.n_output += len(data)
        self.output = (self.output + data)[-KEPT_OUTPUT:]
        if self.limits.output_bytes is not None and self.n_output > self.limits.output_bytes:
            self._stop(f"It printed more than {self.limits.output_bytes / 1e6:g} MB.")

    def _over(self) -> str | None:
        if time.monotonic() - self.started > self.limits.seconds:
            return f"It took longer than {self.limits.seconds:,.0f} seconds."
        if resident_mb(self.pid) - self.base_mb > self.limits.memory_mb:
            return f"It used more than {self.limits.memory_mb:,} MB of memory."
        return None

    def _stop(self, reason: str | None) -> None:
        """The first reason counts."""
        if reason and not self.ended.reason:
            self.ended.reason = reason
            self._kill()

    def _kill(self) -> None:
        for member in reversed(members(self.pid)):
            with contextlib.suppress(ProcessLookupError):
                os.kill(member, signal.SIGKILL)

    def _reap(self) -> None:
        for member in members(self.pid)[1:]:
            with contextlib.suppress(ProcessLookupError):
                os.kill(member, signal.SIGKILL)
        _, status, usage = os.wait4(self.pid, 0)
        self.pid = 0
        self.ended.status = os.waitstatus_to_exitcode(status)
        self.ended.seconds = time.monotonic() - self.started
        self.ended.cpu_seconds = usage.ru_utime + usage.ru_stime
        self.ended.peak_memory_mb = usage.ru_maxrss / 1024

    def _drain(self) -> None:
        """What was said before the end; nobody writes any more, or only a stray that is not waited for."""
        self.selector.unregister(self.handle)
        while self.selector.get_map() and self.selector.select(0):
            self._read(0)
