"""`kill -9` of serving processes under load in durable mode: what was answered is in the log once."""

from __future__ import annotations

import time

import psutil

from benchmarks.serving_faults.lines import Line
from benchmarks.serving_faults.load import DROPPED
from benchmarks.serving_faults.models import alone
from benchmarks.serving_faults.once import kept
from benchmarks.serving_faults.server import Server

NAME = "kills"
N_WORKERS = 2
STEADY_SECONDS = 7.0  # one that ends again sooner ends the web server, which the supervisor then starts anew
PATIENCE_SECONDS = 120.0


def measure(server: Server, n_kills: int = 100) -> list[Line]:
    server.create(NAME, alone(1))
    with server.load(NAME) as load:
        first = {one.pid for one in server.workers()}
        for _ in range(n_kills):
            _kill_oldest(server, first)
        load.await_answers()
    found = kept(server, NAME, load.answered_ids())
    failures = load.failures()
    n_dropped = sum(one.status == DROPPED for one in failures)
    seen = (
        f"{n_kills} killed; {found}; {n_dropped} connections dropped unanswered, {len(failures) - n_dropped} other"
        " answers than 200"
    )
    work = f"`kill -9` of a serving process {n_kills} times under load, durable log"
    return [Line(work, seen, "each answered prediction in the log once", found.right)]


def _kill_oldest(server: Server, first: set[int]) -> None:
    """Returns when another one serves in its place."""
    oldest = server.workers()[0]
    if oldest.pid not in first:
        time.sleep(max(0.0, STEADY_SECONDS - (time.time() - oldest.create_time())))
    oldest.kill()
    oldest.wait(PATIENCE_SECONDS)
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not _are_back(server, oldest):
        if time.monotonic() > deadline:
            raise SystemExit("The killed process was not started again.")
        time.sleep(0.05)


def _are_back(server: Server, killed: psutil.Process) -> bool:
    running = {one.pid for one in server.workers()}
    return killed.pid not in running and len(running) == N_WORKERS
