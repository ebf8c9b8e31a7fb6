"""Watches over one child process from launch to end: limits, heartbeat, cancel, log, progress.

Called by runner.
"""

import json
import logging
import selectors
import threading
import time
from dataclasses import replace
from typing import Any

from django.db import Error as DatabaseError
from django.db import connection

from . import attempts
from .attempts import Beat, End, Outcome, Standing
from .claiming import Attempt
from .logtext import LogLines
from .memory import resident_mb
from .metering import Meter
from .options import count, seconds
from .processes import Child, read_line
from .wire import read_chunk

logger = logging.getLogger(__name__)
MEMORY_SECONDS = 0.1
DRAIN_SECONDS = 2.0


class Supervision:
    """One run over one child; `stopping` is set when the worker itself is asked to stop."""

    def __init__(self, attempt: Attempt, child: Child, *, stopping: threading.Event) -> None:
        self.attempt = attempt
        self.child = child
        self.stopping = stopping
        self.started = self.last_beat = time.monotonic()
        self.next_beat = 0.0
        self.next_line = attempt.first_line
        self.lines: list[str] = []
        self.log = LogLines(
            count("JOB_LOG_LIMIT_BYTES"), count("JOB_LOG_LIMIT_LINES"), count("JOB_LOG_LINE_BYTES")
        )
        self.events = b""
        self.meter = Meter(attempt, child.pid, self.started)
        self.changes: dict[str, Any] = {"child_pid": child.pid}
        self.said: dict[str, Any] = {}
        self.exit: dict[str, Any] | None = None
        self.used: dict[str, Any] = {}
        self.verdict: Outcome | None = None
        self.kill_at: float | None = None
        self.selector = selectors.DefaultSelector()
        self.selector.register(child.connection, selectors.EVENT_READ, self._hear_exit)
        self.selector.register(child.log, selectors.EVENT_READ, self._read_log)
        self.selector.register(child.events, selectors.EVENT_READ, self._read_events)

    def run(self) -> Outcome:
        while self.exit is None:
            self._read(MEMORY_SECONDS)
            self._hold_to_limits()
            if time.monotonic() >= self.next_beat:
                self._beat()
        ended, exit = time.monotonic(), self.exit
        self.meter.end(ended, cpu_seconds=exit.get("cpu_seconds"), peak_mb=exit.get("peak_memory_mb"))
        self.used = self.meter.columns(ended)
        self._drain()
        self.selector.close()
        return self._outcome()

    def _read(self, timeout: float) -> bool:
        ready = self.selector.select(timeout)
        for key, _ in ready:
            key.data()
        return bool(ready)

    def _hear_exit(self) -> None:
        self.exit = read_line(self.child.connection)
        self.selector.unregister(self.child.connection)

    def _read_log(self) -> None:
        data = read_chunk(self.selector, self.child.log)
        self.log.feed(data)

    def _read_events(self) -> None:
        *lines, self.events = (self.events + read_chunk(self.selector, self.child.events)).split(b"\n")
        for line in lines:
            event = json.loads(line)
            if "progress" in event:
                self.changes |= event | {"eta_seconds": self._time_left(event["progress"])}
            elif "checkpoint" in event:
                self.changes |= event
            elif "phase" in event:
                self.meter.enter(event["phase"], time.monotonic())
            else:
                self.said = event

    def _time_left(self, progress: float) -> float | None:
        elapsed = time.monotonic() - self.started
        return elapsed * (1 - progress) / progress if progress > 0 else None

    def _hold_to_limits(self) -> None:
        now = time.monotonic()
        if self.kill_at is not None and now >= self.kill_at:
            self.child.kill()
            self.kill_at = now + 1.0
        if self.verdict is not None:
            return
        self.meter.tick(now)
        used = resident_mb(self.child.pid)
        self.meter.saw(used)
        if used > self.attempt.memory_mb:
            text = f"It used {used:,.0f} MB of memory; its limit is {self.attempt.memory_mb:,} MB."
            self._condemn(Outcome(End.REFUSED, error=text), grace=0.0)
        elif now - self.started > self.attempt.timeout_seconds:
            text = f"It ran longer than its limit of {self.attempt.timeout_seconds:,} seconds."
            self._condemn(Outcome(End.REFUSED, error=text), grace=0.0)
        elif now - self.last_beat > seconds("JOB_LEASE_SECONDS"):
            self._condemn(Outcome(End.LOST), grace=0.0)
        elif self.stopping.is_set():
            self._condemn(Outcome(End.RELEASED), grace=seconds("JOB_CANCEL_GRACE_SECONDS"))

    def _condemn(self, verdict: Outcome, *, grace: float) -> None:
        """Ask the child to stop, or kill it where there is no grace; the first reason counts."""
        self.verdict = verdict
        self.kill_at = time.monotonic() + grace
        if grace:
            self.child.terminate()
        else:
            self.child.kill()

    def _beat(self) -> None:
        self.lines += self.log.take()
        now = time.monotonic()
        changes = self.changes | ({} if self.exit else self.meter.columns(now))
        samples = self.meter.samples(now, final=self.exit is not None)
        try:
            standing = attempts.beat(self.attempt, Beat(self.next_line, self.lines, changes, samples))
        except DatabaseError as error:
            # The database is away: the job goes on for as long as the lease holds.
            logger.warning("No heartbeat of job %s could be written: %s", self.attempt.job_id, error)
            connection.close()
            self.next_beat = time.monotonic() + seconds("JOB_HEARTBEAT_SECONDS")
            return
        self.next_line += len(self.lines)
        self.lines, self.changes = [], {}
        self.last_beat = time.monotonic()
        self.next_beat = self.last_beat + seconds("JOB_HEARTBEAT_SECONDS")
        if self.verdict is None and standing is Standing.LOST:
            self._condemn(Outcome(End.LOST), grace=0.0)
        elif self.verdict is None and standing is Standing.CANCELLED:
            self._condemn(Outcome(End.CANCELLED), grace=seconds("JOB_CANCEL_GRACE_SECONDS"))
        elif self.verdict is None and standing is Standing.PAUSING and self.exit is None:
            self.child.pause()  # with each heartbeat: the first may come before its handler

    def _drain(self) -> None:
        """Read what is left in the pipes: a survivor that left the group may hold them open."""
        deadline = time.monotonic() + DRAIN_SECONDS
        while self.selector.get_map() and time.monotonic() < deadline and self._read(0.2):
            continue
        self.lines += self.log.take(final=True)
        if self.verdict is None or self.verdict.end is not End.LOST:
            self._beat()

    def _outcome(self) -> Outcome:
        exit = self.exit or {}
        if "result" in self.said and exit.get("exit") == 0:
            return self._measured(Outcome(End.SUCCEEDED, result=self.said["result"]))
        if self.verdict is not None:
            return self._measured(self.verdict)
        if "paused" in self.said:
            return self._measured(Outcome(End.PAUSED))
        if "yielded" in self.said:
            return self._measured(Outcome(End.YIELDED))
        if "error" in self.said:
            end = End.REFUSED if self.said["permanent"] else End.FAILED
            return self._measured(Outcome(end, error=self.said["error"]))
        return self._measured(Outcome(End.FAILED, error=_unexplained(exit.get("exit"))))

    def _measured(self, outcome: Outcome) -> Outcome:
        return replace(outcome, cpu_seconds=self.meter.latest.cpu_seconds, used=self.used)


def _unexplained(status: int | None) -> str:
    if status is None:
        return "Its child process was lost together with the fork server."
    if status < 0:
        return f"Its child process was ended by signal {-status}; the machine may have run out of memory."
    return f"Its child process ended with status {status} and without a result."
