"""The generator: one event loop in a thread of its own, many keep-alive connections. Workers and benchmarks call `run`.

An open loop plans each request at begin + i / rate and counts its latency from then on (no coordinated omission, as
Gil Tene calls it); one that finds no free connection waits in a line and its waiting counts.
"""

from __future__ import annotations

import asyncio
import selectors
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from queue import SimpleQueue
from typing import Any

from mlregistry.errors import Unavailable
from mlregistry.loadtests.connection import BROKEN, Connection
from mlregistry.loadtests.plans import BROKEN as BROKEN_WORD
from mlregistry.loadtests.plans import TIMED_OUT, UNSENT, Measured, Plan, Target

TICK_SECONDS = 0.25
CONNECT_SECONDS = 5.0
ROUNDING = 1e-9  # seconds: a request that is due at the very end is no longer measured
REPAIR_SECONDS = 0.05  # before a lost connection is made anew


@dataclass(frozen=True, slots=True)
class Beat:
    """How far a run is (0 to 1), and the seconds that ended since the last beat, as `Measured.over_time` has them."""

    fraction: float
    seconds: tuple[dict[str, Any], ...] = ()


def run(target: Target, plan: Plan, hear: Callable[[Beat], None] = lambda beat: None) -> Measured:
    """Puts the load on and measures it. `hear` is called four times a second in the caller's thread, so that what it
    does holds no request up; what it raises ends the run. Unavailable when nothing listens."""
    load = _Load(target, plan)
    thread = threading.Thread(target=load.go, name="load", daemon=True)
    thread.start()
    try:
        while (beat := load.beats.get()) is not None:
            hear(beat)
    finally:
        load.stopping = True
        thread.join()
    if load.error is not None:
        raise load.error
    return load.measured


class _Load:
    def __init__(self, target: Target, plan: Plan) -> None:
        self.measured = Measured(plan)
        self.error: BaseException | None = None
        self.beats: SimpleQueue[Beat | None] = SimpleQueue()
        self.stopping = False
        self._target, self._plan = target, plan
        self._connections: list[Connection] = []
        self._idle: list[Connection] = []
        self._waiting: deque[float] = deque()
        self._repairs: set[asyncio.Task[None]] = set()
        self._n_sent = self._n_planned = self._n_told = 0
        self._begin = self._end = 0.0
        self._over = False

    def go(self) -> None:
        """The life of the thread; `beats` ends with None."""
        # A selector whose time-outs are not rounded up to milliseconds, as epoll's are: requests go out when due.
        self._loop = asyncio.SelectorEventLoop(selectors.SelectSelector())
        try:
            self._loop.run_until_complete(self._run())
        except BaseException as error:
            self.error = error
        finally:
            self._loop.run_until_complete(asyncio.sleep(0))
            self._loop.close()
            self.beats.put(None)

    async def _run(self) -> None:
        try:
            await self._connect()
            self._begin = self._loop.time() + self._plan.warm_up_seconds
            self._end = self._begin + self._plan.seconds
            self._start()
            await self._until_end()
            await self._drain()
            self._charge_unanswered()
        finally:
            self._over = True
            for repair in self._repairs:
                repair.cancel()
            for connection in self._connections:
                connection.close()
        self._charge_unsent()
        self.measured.seconds = self._plan.seconds

    async def _connect(self) -> None:
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                made = [await self._connected() for _ in range(self._plan.connections)]
        except (OSError, TimeoutError) as error:
            where = f"{self._target.host}:{self._target.port}"
            raise Unavailable(f"Nothing answers at {where}: {str(error) or 'time-out'}.") from error
        self._idle = made

    async def _connected(self) -> Connection:
        target = self._target
        name = target.host if target.tls else None
        _, connection = await self._loop.create_connection(
            lambda: Connection(self._answered), target.host, target.port, ssl=target.tls, server_hostname=name
        )
        self._connections.append(connection)
        return connection

    def _start(self) -> None:
        if self._plan.shape == "constant":
            self._dispatch()
            return
        for connection in self._idle:
            self._send(connection, self._loop.time())
        self._idle = []

    def _dispatch(self) -> None:
        """Puts all that is due in line, sends what free connections can take, and comes back for the next one."""
        if self._over:
            return
        now, first = self._loop.time(), self._begin - self._plan.warm_up_seconds
        due = first + self._n_planned / self._plan.rate
        while due <= now and due < self._end - ROUNDING:
            self._waiting.append(due)
            self._n_planned += 1
            due = first + self._n_planned / self._plan.rate
        while self._waiting and self._idle:
            self._send(self._idle.pop(), self._waiting.popleft())
        if due < self._end - ROUNDING:
            self._loop.call_at(due, self._dispatch)

    def _send(self, connection: Connection, planned: float) -> None:
        if not connection.is_open:  # the server ended it while it was idle
            self._waiting.appendleft(planned)
            self._repair(connection)
            return
        request = self._target.requests[self._n_sent % len(self._target.requests)]
        self._n_sent += 1
        connection.send(request, planned=planned, now=self._loop.time())

    def _answered(self, connection: Connection, status: int, body: bytes) -> None:
        self._note(str(status) if status != BROKEN else BROKEN_WORD, connection.planned)
        if connection.is_open:
            self._next(connection)
        else:
            self._repair(connection)

    def _note(self, status: str, planned: float) -> None:
        now = self._loop.time()
        if self._is_measured(planned) and not self._over:
            self.measured.add(status, now - planned, at=planned - self._begin)

    def _is_measured(self, planned: float) -> bool:
        return self._begin - ROUNDING <= planned < self._end - ROUNDING

    def _next(self, connection: Connection) -> None:
        now = self._loop.time()
        if self._waiting:
            self._send(connection, self._waiting.popleft())
        elif self._plan.shape == "closed" and now < self._end and not self._over:
            self._send(connection, now)
        else:
            self._idle.append(connection)

    def _repair(self, lost: Connection) -> None:
        if lost in self._connections:
            self._connections.remove(lost)
        if not self._over:
            repair = self._loop.create_task(self._replace())
            self._repairs.add(repair)
            repair.add_done_callback(self._repairs.discard)

    async def _replace(self) -> None:
        while not self._over:
            await asyncio.sleep(REPAIR_SECONDS)
            try:
                self._next(await self._connected())
            except OSError:
                continue
            return

    async def _until_end(self) -> None:
        whole = self._plan.warm_up_seconds + self._plan.seconds
        while (left := self._end - self._loop.time()) > 0 and not self.stopping:
            await asyncio.sleep(min(TICK_SECONDS, left))
            self._end_overdue()
            fraction = min(1.0, max(0.0, 1 - (self._end - self._loop.time()) / whole))
            self.beats.put(Beat(fraction, tuple(self._ended_seconds())))

    def _ended_seconds(self) -> list[dict[str, Any]]:
        """Those whose requests have had a second to be answered."""
        found = []
        while self._n_told < self._loop.time() - self._begin - 2:
            if (part := self.measured.slices.get(self._n_told)) is not None:
                found.append(part.to_json(self._n_told))
            self._n_told += 1
        return found

    async def _drain(self) -> None:
        """What was sent or waits gets its answer, within the time-out."""
        until = self._end + self._plan.timeout_seconds
        while self._is_waited_for() and self._loop.time() < until and not self.stopping:
            await asyncio.sleep(0.01)
            self._end_overdue()

    def _is_waited_for(self) -> bool:
        return bool(self._waiting) or any(one.busy for one in self._connections)

    def _end_overdue(self) -> None:
        oldest = self._loop.time() - self._plan.timeout_seconds
        for connection in list(self._connections):
            if connection.busy and connection.sent_at < oldest:
                connection.busy = False
                self._note(TIMED_OUT, connection.planned)
                connection.close()
                self._repair(connection)

    def _charge_unanswered(self) -> None:
        for connection in self._connections:
            if connection.busy:
                connection.busy = False
                self._note(TIMED_OUT, connection.planned)

    def _charge_unsent(self) -> None:
        """Requests that never got a connection waited until now: left out, they would flatter the server."""
        now = self._loop.time()
        for planned in self._waiting:
            if self._is_measured(planned):
                self.measured.add(UNSENT, now - planned, at=planned - self._begin)
