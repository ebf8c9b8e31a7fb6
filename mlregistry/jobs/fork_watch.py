"""The caller's side of one piece of work in a fork: hears what it says, holds it to its limits. Called by forked."""

import contextlib
import json
import os
import select
import selectors
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from .memory import members, resident_mb
from .wire import read_chunk

TICK_SECONDS = 0.1
KEPT_OUTPUT = 4000


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
    """What it imported that the caller had not; see `forked.warm`."""

    @property
    def problem(self) -> str:
        """One sentence when it did not end well, else nothing."""
        if self.reason or self.error:
            return self.reason or self.error
        if self.status < 0:
            return f"Its process was ended by signal {-self.status}; the machine may have run out of memory."
        return f"Its process ended with status {self.status}." if self.status else ""


@dataclass
class Child:
    """A fork and the caller's ends of its lines; `used_seconds` is its processor time up to the last piece's end."""

    pid: int
    orders: int
    said: int
    out: int
    used_seconds: float = 0.0

    def __post_init__(self) -> None:
        self.handle = os.pidfd_open(self.pid)
        for file in (self.said, self.out, self.handle):
            os.set_blocking(file, False)

    def lives(self) -> bool:
        return not select.select([self.handle], [], [], 0)[0]

    def close(self) -> None:
        """Whatever is left of the child ends here."""
        if self.pid:
            self.kill()
            os.waitpid(self.pid, 0)
            self.pid = 0
        for file in (self.orders, self.said, self.out, self.handle):
            os.close(file)

    def kill(self) -> None:
        for member in reversed(members(self.pid)):
            with contextlib.suppress(ProcessLookupError):
                os.kill(member, signal.SIGKILL)

    def kill_strays(self) -> bool:
        """End what it has started and left; whether there was any."""
        strays = members(self.pid)[1:]
        for member in strays:
            with contextlib.suppress(ProcessLookupError):
                os.kill(member, signal.SIGKILL)
        return bool(strays)


class Watch:
    """One piece from its order to its end, or to the child's; `done` is what the child told last."""

    def __init__(
        self,
        child: Child,
        limits: Limits,
        hear: Callable[[dict[str, Any]], str | None],
        tick: Callable[[], str | None],
        base_mb: float,
    ) -> None:
        self.child, self.limits, self.hear, self.tick = child, limits, hear, tick
        self.started = time.monotonic()
        self.base_mb = base_mb
        self.ended = Ended()
        self.done: dict[str, Any] | None = None
        self.gone = False
        self.buffer, self.output, self.n_output = b"", b"", 0
        self.selector = selectors.DefaultSelector()
        for file, read in (
            (child.said, self._hear), (child.out, self._read_output), (child.handle, self._note_its_end),
        ):  # fmt: skip
            self.selector.register(file, selectors.EVENT_READ, read)

    def until_ended(self) -> Ended:
        with contextlib.closing(self.selector):
            next_tick = self.started + TICK_SECONDS
            while not self.gone and self.done is None:
                self._read(max(0.0, next_tick - time.monotonic()))
                if time.monotonic() >= next_tick and self.done is None:
                    next_tick = time.monotonic() + TICK_SECONDS
                    self._stop(self._over() or self.tick())
            self._account()
            self._drain()
        if self.ended.status == -signal.SIGTERM and not self.ended.reason:
            # Whoever asked the caller to stop has asked its whole group: the caller says what that means.
            self.ended.reason = self.tick() or ""
        self.ended.output = self.output.decode("utf-8", errors="replace")
        return self.ended

    def _read(self, timeout: float) -> None:
        for key, _ in self.selector.select(timeout):
            key.data()

    def _note_its_end(self) -> None:
        self.gone = True

    def _hear(self) -> None:
        *lines, self.buffer = (self.buffer + read_chunk(self.selector, self.child.said)).split(b"\n")
        for line in lines:
            message = json.loads(line)
            if "done" in message:
                self.done = message
                self.ended.error = str(message["done"])
            else:
                self._stop(self.hear(message))

    def _read_output(self) -> None:
        data = read_chunk(self.selector, self.child.out)
        self.n_output += len(data)
        self.output = (self.output + data)[-KEPT_OUTPUT:]
        if self.limits.output_bytes is not None and self.n_output > self.limits.output_bytes:
            self._stop(f"It printed more than {self.limits.output_bytes / 1e6:g} MB.")

    def _over(self) -> str | None:
        if time.monotonic() - self.started > self.limits.seconds:
            return f"It took longer than {self.limits.seconds:,.0f} seconds."
        if resident_mb(self.child.pid) - self.base_mb > self.limits.memory_mb:
            return f"It used more than {self.limits.memory_mb:,} MB of memory."
        return None

    def _stop(self, reason: str | None) -> None:
        """The first reason counts."""
        if reason and not self.ended.reason:
            self.ended.reason = reason
            self.child.kill()

    def _account(self) -> None:
        """What the piece used, by the child's own word or by the kernel's once it is gone."""
        child, told = self.child, self.done
        if self.gone:
            child.kill_strays()
            _, status, usage = os.wait4(child.pid, 0)
            child.pid = 0
            self.ended.status = os.waitstatus_to_exitcode(status)
            total, peak = usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024
        elif told is not None:
            total, peak = told["cpu_seconds"], told["peak_memory_mb"]
        self.ended.modules = told["modules"] if told is not None else []
        self.ended.seconds = time.monotonic() - self.started
        self.ended.cpu_seconds, child.used_seconds = total - child.used_seconds, total
        self.ended.peak_memory_mb = peak

    def _drain(self) -> None:
        """What was said or printed before the end; nobody writes any more, or only a stray that is not waited for."""
        if self.gone:
            self.selector.unregister(self.child.handle)
        while self.selector.get_map() and (ready := self.selector.select(0)):
            if not self.gone and all(key.fileobj == self.child.handle for key, _ in ready):
                return
            for key, _ in ready:
                key.data()
