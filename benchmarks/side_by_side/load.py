"""The load clients: processes started before the clock, each with one connection; tracking.py gives them work."""

import multiprocessing
import signal
import statistics
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from multiprocessing.connection import Connection

from benchmarks.side_by_side.rows import WORK, Row
from benchmarks.side_by_side.wire import Client, Refused, Target

N_CLIENTS = 8
LEAD_SECONDS = 0.3
SETTLED = 3  # pieces of work before the clock in rows that read


@dataclass(frozen=True)
class Task:
    """What each client does from `start_at` (the system's monotonic clock) for `seconds`."""

    key: str
    target: Target
    facts: Mapping[str, str]
    start_at: float
    seconds: float


@dataclass
class Outcome:
    """What one client did: units, the seconds of each piece, and how long it was at it."""

    n_units: int = 0
    elapsed: float = 0.0
    pieces: list[float] = field(default_factory=list)
    error: str = ""


class Crew:
    """Eight waiting processes. Use as a context manager, so that they end with it."""

    def __init__(self) -> None:
        context = multiprocessing.get_context("spawn")
        self._lines: list[Connection] = []
        self._processes = []
        for number in range(N_CLIENTS):
            mine, theirs = context.Pipe()
            process = context.Process(target=_obey, args=(theirs, number), daemon=True)
            process.start()
            theirs.close()
            self._lines.append(mine)
            self._processes.append(process)

    def __enter__(self) -> "Crew":
        return self

    def __exit__(self, *_: object) -> None:
        for line in self._lines:
            line.close()
        for process in self._processes:
            process.join(1.0)
            if process.is_alive():
                process.kill()
                process.join()

    def measure(
        self, key: str, target: Target, facts: Mapping[str, str], *, seconds: float
    ) -> tuple[float, str]:
        """The row's figure in its unit, and the first error a client met ("" when none did)."""
        row = WORK[key][0]
        task = Task(key, target, facts, time.monotonic() + LEAD_SECONDS, seconds)
        for line in self._lines[: row.n_clients]:
            line.send(task)
        outcomes = [line.recv() for line in self._lines[: row.n_clients]]
        return _figure(row, outcomes), next((done.error for done in outcomes if done.error), "")


def _figure(row: Row, outcomes: list[Outcome]) -> float:
    if row.is_rate:
        return sum(done.n_units / done.elapsed for done in outcomes if done.elapsed > 0)
    pieces = [seconds for done in outcomes for seconds in done.pieces]
    return statistics.median(pieces) * 1000 if pieces else 0.0


def _obey(line: Connection, number: int) -> None:
    """The life of a client: a task in, an outcome out, until the line is closed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    while True:
        try:
            line.send(_run(line.recv(), number))
        except (EOFError, OSError):
            return


def _run(task: Task, number: int) -> Outcome:
    done = Outcome()
    client = Client(task.target)
    pieces = WORK[task.key][1](client, task.facts, number)
    try:
        if task.seconds > 0 and not task.key.startswith(("page", "history")):
            for _ in range(SETTLED):  # connection, the server's pool and its caches: not what is measured
                next(pieces)
        time.sleep(max(task.start_at - time.monotonic(), 0.0))
        began = now = time.perf_counter()
        while now - began < task.seconds:
            done.n_units += next(pieces)
            now, before = time.perf_counter(), now
            done.pieces.append(now - before)
        done.elapsed = now - began
    except (Refused, OSError, ValueError, KeyError) as error:
        done.error = str(error) or repr(error)
    finally:
        client.close()
    return done
