"""PostgreSQL crashes and stays away for a minute under load; then what was answered must be in the log once."""

from __future__ import annotations

import time

from benchmarks.serving_faults.lines import Line
from benchmarks.serving_faults.load import told
from benchmarks.serving_faults.models import alone
from benchmarks.serving_faults.once import kept
from benchmarks.serving_faults.server import Server

NAME = "database-away"
BEFORE_SECONDS = 1.0


def measure(server: Server, away_seconds: float = 60.0) -> list[Line]:
    server.create(NAME, alone(1))
    with server.load(NAME) as load:
        time.sleep(BEFORE_SECONDS)
        server.stop_database()
        gone_at = time.monotonic()
        health, _ = server.ask("GET", "/health")
        time.sleep(max(0.0, away_seconds - (time.monotonic() - gone_at)))
        n_meanwhile = len([one for one in load.seen(gone_at) if one.status == 200])
        server.postgres.start()
        away = time.monotonic() - gone_at
        load.await_answers()
    failed = load.failures()
    began = time.monotonic()
    found = kept(server, NAME, load.answered_ids())
    seen = (
        f"away for {away:.0f} s (/health: {health}), {n_meanwhile:,} predictions meanwhile, {len(failed)} failed"
        f"{told(failed)}; {found}; all there {time.monotonic() - began:.1f} s after the load's end"
    )
    met = not failed and found.right and health == 503 and n_meanwhile > 0
    work = f"PostgreSQL away for {away_seconds:g} s under load, durable log"
    return [Line(work, seen, "0 failed predictions, each in the log once", met)]
