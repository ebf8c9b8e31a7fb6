"""MLflow, FastTrackML and this server side by side on one PostgreSQL: `python -m benchmarks.tracking`.

Prints the table of issue 3's goals and, with more than 10,000 runs, how the cost of each search grows.
"""

import argparse
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

from benchmarks.side_by_side import peers, report, servers
from benchmarks.side_by_side.database import Database
from benchmarks.side_by_side.fixture import Filled
from benchmarks.side_by_side.load import Crew
from benchmarks.side_by_side.rows import FIRST_START, MEMORY, READS, START, WORK
from benchmarks.side_by_side.servers import Server, ServerFailed
from benchmarks.side_by_side.wire import Refused
from mlregistry.supervisor.postgres import Postgres

COMPARED_RUNS = 10_000
SIZES = (10_000, 100_000, 1_000_000)
IDLE_SECONDS = 5.0
NAMES = {"mlflow": "MLflow", "fasttrackml": "FastTrackML", "mlregistry": "mlregistry"}


@dataclass(frozen=True)
class Plan:
    """How much is measured: sizes, rounds, and the seconds of one window."""

    n_runs: int
    n_history: int
    points_per_run: int
    n_rounds: int
    seconds: float
    largest: int
    names: tuple[str, ...]
    programs: dict[str, str]
    peers_folder: Path
    grow_peers: bool
    page: Path | None


class Comparison:
    """The servers of one run and what was measured of each, row by row."""

    def __init__(self, plan: Plan, postgres: Postgres, folder: Path, crew: Crew) -> None:
        self._plan = plan
        self._postgres = postgres
        self._folder = folder
        self._crew = crew
        self._running: list[Server] = []
        self._made: dict[str, Database] = {}
        self._filled: list[Filled] = []
        self._figures: dict[str, dict[str, list[float]]] = {}
        self.notes: list[str] = []

    def start(self) -> None:
        """Each server twice, one after the other: on an empty database, then on the one it has made."""
        for name in self._plan.names:
            try:
                self._start(name)
            except (ServerFailed, OSError, subprocess.CalledProcessError) as error:
                self.notes.append(f"{NAMES[name]} is left out: {error}")
                _say(self.notes[-1])

    def weigh(self) -> None:
        """After a pause: some processes load more once the first answer is out."""
        time.sleep(IDLE_SECONDS)
        for server in self._running:
            pss, rss = server.weigh()
            self._note("memory", server.target.name, pss)
            self.notes.append(f"{server.target.name}: {pss:,.0f} MB PSS, {rss:,.0f} MB RSS when idle")

    def fill(self, n_runs: int) -> None:
        for server in self._running:
            filled = Filled(server.target, self._made[server.target.name])
            _say(f"{server.target.name}: filling {n_runs:,} runs")
            try:
                filled.prepare(points_per_run=self._plan.points_per_run, n_history=self._plan.n_history)
                filled.grow(n_runs)
                self._filled.append(filled)
            except (Refused, OSError) as error:
                self.notes.append(f"{server.target.name} is left out of the work: {error}")
        self._compare_answers()

    def measure(self) -> None:
        """Round by round and row by row, the servers in rotating order; each figure is a median of rounds."""
        for turn in range(self._plan.n_rounds):
            for place, key in enumerate(WORK):
                shift = (turn + place) % max(len(self._filled), 1)
                for filled in self._filled[shift:] + self._filled[:shift]:
                    self._measure(key, filled)
            _say(f"round {turn + 1} of {self._plan.n_rounds} done")

    def grow(self, sizes: list[int]) -> str:
        """A table per server that grows: each read at each size."""
        chosen = [f for f in self._filled if self._plan.grow_peers or f.target.name == report.OURS]
        tables = []
        for filled in chosen:
            columns: dict[str, list[float]] = {}
            for size in sizes:
                _say(f"{filled.target.name}: filling up to {size:,} runs")
                filled.grow(size)
                for key in READS:
                    if WORK[key][0].needs in filled.facts:
                        columns.setdefault(key, []).append(self._median(key, filled))
            title = f"{filled.target.name}, {self._plan.points_per_run} points per run"
            table = report.growth([(WORK[key][0], column) for key, column in columns.items()], sizes)
            tables.append(f"{title}\n\n{table}")
        return "\n\n".join(tables)

    def table(self) -> str:
        rows = [(row, key) for key, (row, _) in WORK.items()]
        rows += [(START, "start"), (FIRST_START, "first start"), (MEMORY, "memory")]
        names = {"runs": f"{self._plan.n_runs:,}", "points": f"{self._plan.n_history:,}"}
        return report.speed([(row, self._medians(key)) for row, key in rows], names)

    def took_part(self, name: str) -> bool:
        return any(filled.target.name == name for filled in self._filled)

    def stop(self) -> None:
        """All of them, whatever signal comes meanwhile."""
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, signal.SIG_IGN)
        for server in self._running:
            server.stop()

    def _start(self, name: str) -> None:
        program = self._plan.programs.get(name) or (
            peers.program(name, self._plan.peers_folder) if name in peers.PACKAGES else ""
        )
        database = Database.create(self._postgres, f"bench_{name}")
        server = servers.STARTERS[name](program, database.url, self._folder / name)
        self._running.append(server)
        try:
            self._note("first start", server.target.name, server.start())
            server.stop()
            self._note("start", server.target.name, server.start())
        except ServerFailed:
            server.stop()
            self._running.remove(server)
            raise
        self._made[server.target.name] = database
        _say(f"{server.target.name} is up")

    def _measure(self, key: str, filled: Filled) -> None:
        if WORK[key][0].needs not in filled.facts:
            return
        figure, error = self._crew.measure(key, filled.target, filled.facts, seconds=self._plan.seconds)
        if error:
            self.notes.append(f"{key}: {error}")
        if figure:
            self._note(key, filled.target.name, figure)

    def _median(self, key: str, filled: Filled) -> float:
        figures = []
        for _ in range(self._plan.n_rounds):
            figure, error = self._crew.measure(key, filled.target, filled.facts, seconds=self._plan.seconds)
            if error:
                raise Refused(error)
            figures.append(figure)
        return statistics.median(figures)

    def _note(self, key: str, server: str, figure: float) -> None:
        self._figures.setdefault(key, {}).setdefault(server, []).append(figure)

    def _medians(self, key: str) -> dict[str, float | None]:
        return {name: statistics.median(found) for name, found in self._figures.get(key, {}).items()}

    def _compare_answers(self) -> None:
        answers = {filled.target.name: filled.answers() for filled in self._filled}
        for search in ("newest", "filter"):
            if len({tuple(found[search]) for found in answers.values()}) > 1:
                counts = {name: (len(found[search]), found[search][:3]) for name, found in answers.items()}
                self.notes.append(f"the servers do not find the same runs for “{search}”: {counts}")


def run(plan: Plan) -> int:
    """Start, fill, measure, print, end. Not zero when this server took no part."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="mlregistry-bench-")))
        crew = stack.enter_context(Crew())
        postgres = Postgres(folder / "postgres", folder / "socket")
        stack.callback(postgres.stop)
        postgres.start()
        comparison = Comparison(plan, postgres, folder, crew)
        stack.callback(comparison.stop)
        comparison.start()
        comparison.weigh()
        comparison.fill(plan.n_runs)
        comparison.measure()
        notes = "\n".join(f"- {note}" for note in dict.fromkeys(comparison.notes))
        _publish(plan, "speed", f"{comparison.table()}\n\n{notes}")
        if plan.largest > plan.n_runs:
            inner = [size for size in SIZES if plan.n_runs < size < plan.largest]
            _publish(plan, "growth", comparison.grow([plan.n_runs, *inner, plan.largest]))
        return 0 if comparison.took_part(report.OURS) or "mlregistry" not in plan.names else 1


def _publish(plan: Plan, name: str, text: str) -> None:
    print(f"\n{text}\n", flush=True)
    if plan.page is not None:
        report.paste(
            plan.page, {name: f"`{' '.join(['python -m benchmarks.tracking', *sys.argv[1:]])}`\n\n{text}"}
        )


def main() -> None:
    for number in (signal.SIGINT, signal.SIGTERM):  # even where the shell has told us to ignore Ctrl-C
        signal.signal(number, _end)
    try:
        sys.exit(run(_plan(_arguments())))
    except KeyboardInterrupt:
        _say("Stopped.")
        sys.exit(130)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.tracking", description=__doc__)
    parser.add_argument("--small", action="store_true", help="2,000 runs, short windows: about three minutes")
    parser.add_argument("--runs", type=int, default=COMPARED_RUNS, help="fill up to so many runs")
    parser.add_argument("--points", type=int, default=20, help="metric points per run")
    parser.add_argument("--rounds", type=int, help="how often each row is measured")
    parser.add_argument("--seconds", type=float, help="length of one window")
    parser.add_argument("--servers", default=",".join(NAMES), help="which of them, with commas between")
    parser.add_argument("--mlflow", help="the mlflow command of an environment that is there already")
    parser.add_argument("--fasttrackml", help="the fml command of an environment that is there already")
    parser.add_argument("--peers-folder", default=".venv/peers", help="where environments of peers are made")
    parser.add_argument("--grow-peers", action="store_true", help="fill the peers beyond 10,000 runs too")
    parser.add_argument("--write", help="paste the tables into this page, such as docs/benchmarks.md")
    return parser.parse_args()


def _plan(options: argparse.Namespace) -> Plan:
    names = tuple(options.servers.split(","))
    if unknown := set(names) - set(NAMES):
        sys.exit(f"There is no server {', '.join(sorted(unknown))}; choose from {', '.join(NAMES)}")
    return Plan(
        n_runs=2_000 if options.small else min(options.runs, COMPARED_RUNS),
        n_history=50_000 if options.small else 200_000,
        points_per_run=options.points,
        n_rounds=options.rounds or (2 if options.small else 3),
        seconds=options.seconds or (1.0 if options.small else 4.0),
        largest=0 if options.small else options.runs,
        names=names,
        programs={name: getattr(options, name) for name in peers.PACKAGES if getattr(options, name)},
        peers_folder=Path(options.peers_folder).absolute(),
        grow_peers=options.grow_peers,
        page=Path(options.write).absolute() if options.write else None,
    )


def _end(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _say(text: str) -> None:
    """Progress goes to stderr, so that stdout holds the tables alone."""
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
