"""`python -m benchmarks.serving`: mlflow serve, MLServer, BentoML and this server, one serving process each.

The same model files on the same machine under the same load; prints the table with ratios and goals. Peers are
installed on first use, each into an environment of its own. `--small` proves that it runs; its figures say little.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.serving_peers import cases, loading, ours
from benchmarks.serving_peers.cases import Case
from benchmarks.serving_peers.loading import Ask
from benchmarks.serving_peers.peers import PEERS

MANY = 1_000
GOALS = {  # of the fast door and of the DRF door, by case and rows: how many times mlflow, MLServer, BentoML
    ("logistic", 1): (
        {"mlflow": 40, "mlserver": 20, "bentoml": 20},
        {"mlflow": 10, "mlserver": 5, "bentoml": 5},
    ),
    ("forest", 1): (
        {"mlflow": 100, "mlserver": 80, "bentoml": 30},
        {"mlflow": 40, "mlserver": 30, "bentoml": 12},
    ),
    ("churn", 1): ({"mlflow": 150}, {"mlflow": 60}),
    ("forest", MANY): (
        {"mlflow": 4, "mlserver": 4, "bentoml": 4},
        {"mlflow": 3, "mlserver": 3, "bentoml": 3},
    ),
}
P99_GOALS = {"fast": 0.005, "drf": 0.010}
ECHO_GOAL, LOG_GOAL = 0.5, 0.9
ROWS = {"logistic": (1,), "forest": (1, MANY), "churn": (1,)}
Key = tuple[str, int]


@dataclass
class Found:
    """Requests a second by case, rows and server; seconds of the p99 at half load by the same."""

    rates: dict[tuple[Key, str], float] = field(default_factory=dict)
    p99: dict[tuple[Key, str], float] = field(default_factory=dict)


def main() -> None:
    options = _options()
    peers = [name for name in options.servers.split(",") if name]
    found = Found()
    with tempfile.TemporaryDirectory(prefix="mlregistry-serving-") as name:
        folder = Path(name)
        known = [case for case in cases.write(folder / "models") if case.name in options.cases.split(",")]
        measure = Measuring(found, options.seconds, options.rounds, options.connections)
        for peer in peers:
            for case in known:
                if peer in (*case.peers, "echo"):
                    _measure_peer(peer, case, folder, Path(options.peers_folder).absolute(), measure)
        with ours.running(known, folder) as server:
            for n_rows in (1, MANY):  # many rows last: what they log is shipped for minutes
                for case in known:
                    if n_rows in ROWS[case.name]:
                        _measure_ours(server, case, n_rows, measure)
    print(report(found, known, peers))


@dataclass
class Measuring:
    """The median of some rounds of closed load, then the p99 at half of that rate."""

    found: Found
    seconds: float
    rounds: int
    connections: int

    def rate(self, key: Key, server: str, ask: Ask) -> float:
        loading.once(ask)
        seconds = self.seconds if key[1] == 1 else self.seconds / 2
        rounds = [
            loading.closed(ask, connections=self.connections, seconds=seconds) for _ in range(self.rounds)
        ]
        self.found.rates[key, server] = rate = statistics.median(rounds)
        print(f"{key[0]}, {key[1]} rows, {server}: {rate:,.1f} requests/s", file=sys.stderr, flush=True)
        return rate

    def half(self, key: Key, server: str, ask: Ask, rate: float) -> None:
        seconds = loading.p99(ask, rate=max(rate / 2, 1), connections=self.connections, seconds=self.seconds)
        self.found.p99[key, server] = seconds


def _measure_peer(name: str, case: Case, folder: Path, peers: Path, measure: Measuring) -> None:
    own = folder / f"{name}-{case.name}"
    own.mkdir()
    peer = PEERS[name]
    if name == "echo" and case.name != "logistic":
        return
    with peer.start(case, own, peers) as server:
        for n_rows in ROWS[case.name]:
            ask = peer.ask(case, server.port, n_rows)
            rate = measure.rate((case.name, n_rows), name, ask)
            if n_rows == 1:
                measure.half((case.name, n_rows), name, ask, rate)


def _measure_ours(server: ours.Ours, case: Case, n_rows: int, measure: Measuring) -> None:
    key = (case.name, n_rows)
    for door in ("fast", "drf"):
        ask = server.ask(case, n_rows, log="on", slow=door == "drf")
        server.wait_for_log()
        rate = measure.rate(key, door, ask)
        if n_rows == 1:
            server.wait_for_log()
            measure.half(key, door, ask, rate)
    for log in ("best-effort", "off") if n_rows == 1 else ():
        server.wait_for_log()
        measure.rate(key, f"fast, log {log}", server.ask(case, n_rows, log=log))


def report(found: Found, known: list[Case], peers: list[str]) -> str:
    """The tables in Markdown."""
    shown = [name for name in peers if name != "echo"]
    head = ["work", *(PEERS[name].title for name in shown), "fast door", *(f"× {name}" for name in shown), "goal", "",
            "DRF door", *(f"× {name}" for name in shown), "goal", ""]  # fmt: skip
    lines = [head, ["---", *["---:"] * (len(head) - 1)]]
    lines += [
        _line(found, case, n_rows, shown) for case in known for n_rows in ROWS[case.name]
        if (case.name, n_rows) in GOALS
    ]  # fmt: skip
    text = f"Requests a second by {loading.tool()}, 16 connections, prediction log on (durable).\n\n"
    return text + _markdown(lines) + "\n\n" + _markdown(_rest(found, known))


def _line(found: Found, case: Case, n_rows: int, shown: list[str]) -> list[str]:
    key, doors = (case.name, n_rows), GOALS[case.name, n_rows]
    title = f"{case.title}, {n_rows:,} row{'s' if n_rows > 1 else ''}"
    cells = [title, *(_number(found.rates.get((key, name))) for name in shown)]
    for door, goals in zip(("fast", "drf"), doors, strict=True):
        ours_ = found.rates[key, door]
        ratios = {name: ours_ / found.rates[key, name] for name in shown if (key, name) in found.rates}
        met = all(ratios[name] >= goal for name, goal in goals.items() if name in ratios)
        wanted = ", ".join(f"≥ {goals[name]}×" for name in shown if name in goals)
        cells += [
            _number(ours_),
            *(_times(ratios.get(name)) for name in shown),
            wanted,
            "met" if met else "missed",
        ]
    return cells


def _rest(found: Found, known: list[Case]) -> list[list[str]]:
    """Echo, p99 at half load, log on against log off."""
    lines = [["work", "figure", "goal", ""], ["---", "---:", "---", "---"]]
    logistic = ("logistic", 1)
    if (logistic, "echo") in found.rates and (logistic, "fast") in found.rates:
        share = found.rates[logistic, "fast"] / found.rates[logistic, "echo"]
        title = (
            f"logistic regression against the raw server's echo ({_number(found.rates[logistic, 'echo'])})"
        )
        lines.append([title, f"{share:.0%}", "≥ 50 %", _met(share >= ECHO_GOAL)])
    for (key, server), seconds in found.p99.items():
        goal = P99_GOALS.get(server)
        title = f"p99 at half load, {key[0]}, {server}"
        wanted = f"≤ {1000 * goal:g} ms" if goal else ""
        lines.append([title, f"{1000 * seconds:.2f} ms", wanted, _met(seconds <= goal) if goal else ""])
    for case in known:
        key = (case.name, 1)
        off = found.rates[key, "fast, log off"]
        for title, server in (("durable log", "fast"), ("best-effort log", "fast, log best-effort")):
            share = found.rates[key, server] / off
            lines.append(
                [
                    f"{title} against none ({_number(off)}), {case.name}",
                    f"{share:.2f}",
                    "≥ 0.9",
                    _met(share >= LOG_GOAL),
                ]
            )
    return lines


def _met(is_met: bool) -> str:
    return "met" if is_met else "missed"


def _number(rate: float | None) -> str:
    return "–" if rate is None else f"{rate:,.0f}" if rate >= 100 else f"{rate:.1f}"


def _times(ratio: float | None) -> str:
    return "–" if ratio is None else f"{ratio:.0f}×" if ratio >= 10 else f"{ratio:.1f}×"


def _markdown(lines: list[list[str]]) -> str:
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.serving", description=__doc__)
    parser.add_argument("--small", action="store_true", help="one round of a second each")
    parser.add_argument("--seconds", type=float, default=8.0, help="length of one round")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--connections", type=int, default=16)
    parser.add_argument("--servers", default=",".join(PEERS), help="which peers, with commas between")
    parser.add_argument("--cases", default=",".join(ROWS), help="which models, with commas between")
    parser.add_argument("--peers-folder", default=".venv/peers", help="where environments of peers are made")
    options = parser.parse_args()
    if options.small:
        options.seconds, options.rounds = 1.0, 1
    return options


if __name__ == "__main__":
    main()
