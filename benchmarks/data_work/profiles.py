"""Rows of the data benchmark: quick and full profiles, beside ydata-profiling's minimal report on the same file."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path

from benchmarks.data_work import mixed_table
from benchmarks.data_work.row import CPU, MEMORY, Figures, Goal, Ground, Row, of_command
from benchmarks.side_by_side import peers

MILLION = 1_000_000
TIMES_YDATA = "× ydata"
YDATA = "ydata-profiling 4.18 minimal, 1,000,000 × 30"
PEER = Path(__file__).with_name("ydata_minimal.py")


def _ydata(ground: Ground, before: Mapping[str, Figures]) -> Figures:
    python = peers.program("ydata", ground.peers_folder)
    return of_command([python, str(PEER), str(mixed_table.made(ground, MILLION))])


def _profile(ground: Ground, depth: str, n_rows: int) -> dict[str, float]:
    path = mixed_table.made(ground, n_rows)
    return of_command([sys.executable, "-m", "benchmarks.data_work.one_profile", str(path), depth])


def _quick(ground: Ground, before: Mapping[str, Figures]) -> Figures:
    found = _profile(ground, "quick", MILLION)
    if YDATA in before:
        found[TIMES_YDATA] = before[YDATA][CPU] / found[CPU]
    return found


def _full(ground: Ground, before: Mapping[str, Figures]) -> Figures:
    return _profile(ground, "full", MILLION)


def _large(ground: Ground, before: Mapping[str, Figures]) -> Figures:
    return _profile(ground, "quick", 10 * MILLION)


ROWS = (
    Row(YDATA, _ydata),
    Row(
        "quick profile, 1,000,000 × 30",
        _quick,
        (Goal(CPU, 6), Goal(MEMORY, 450), Goal(TIMES_YDATA, least=10)),
    ),
    Row("full profile, 1,000,000 × 30", _full, (Goal(CPU, 20), Goal(MEMORY, 700))),
    Row("quick profile, 10,000,000 × 30", _large, (Goal(CPU, 60), Goal(MEMORY, 512)), size="large"),
)
