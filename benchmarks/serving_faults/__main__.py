"""`python -m benchmarks.serving_faults`: the fault figures of serving, as a table.

`--parts` chooses, `--small` shrinks each part (it proves that it runs; its figures say little), `--threads` sets
MLREGISTRY_WEB_THREADS. A full run takes some half an hour, most of it the kills and the swaps.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from benchmarks.serving_faults import changes, corrupted, database_away, kills, overload, same, swaps
from benchmarks.serving_faults.lines import HEAD, Line
from benchmarks.serving_faults.server import Server, running


@dataclass(frozen=True)
class Part:
    """`small` are the options of a shrunk run."""

    measure: Callable[..., list[Line]]
    small: Mapping[str, Any]


PARTS = {
    "swaps": Part(swaps.measure, {"n_changes": 40}),
    "changes": Part(changes.measure, {"n_times": 4}),
    "away": Part(database_away.measure, {"away_seconds": 5.0}),
    "kill": Part(kills.measure, {"n_kills": 4}),
    "overload": Part(overload.measure, {"seconds": 4.0}),
    "corrupted": Part(corrupted.measure, {}),
    "aa": Part(same.measure, {"n_tests": 50}),
}


def main() -> int:
    """1 when a goal was missed."""
    options = _options()
    wanted = [PARTS[name] for name in options.parts]
    print(HEAD, flush=True)
    if all(part.measure is same.measure for part in wanted):
        return _measure(wanted, None, small=options.small)
    with running(slow="overload" in options.parts, threads=options.threads) as server:
        return _measure(wanted, server, small=options.small)


def _measure(parts: list[Part], server: Server | None, *, small: bool) -> int:
    n_missed = 0
    for part in parts:
        for line in part.measure(server, **(part.small if small else {})):
            print(line, flush=True)
            n_missed += line.met is False
    return min(n_missed, 1)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="benchmarks.serving_faults", description=__doc__)
    parser.add_argument(
        "--parts", nargs="+", choices=PARTS, default=list(PARTS), metavar="PART", help=", ".join(PARTS)
    )
    parser.add_argument("--small", action="store_true")
    parser.add_argument("--threads", type=int)
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
