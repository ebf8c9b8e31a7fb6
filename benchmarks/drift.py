"""`python -m benchmarks.drift`: drift checks of 30 columns beside Evidently's preset on the same rows, in one run.

Rounds alternate between the two, figures are medians of the rounds; `--rows` and `--rounds` choose how much,
`--peers none` leaves Evidently out, `--log none` the prediction log. It also tells how far figures of the same method
lie apart, and counters from rows.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks.data_work.row import CPU, MEMORY, SECONDS, of_command
from benchmarks.drift_work import two_tables
from benchmarks.drift_work.database import answer_of, prepared
from benchmarks.side_by_side import peers

PRESET = Path(__file__).parent / "drift_work" / "evidently_preset.py"
EVIDENTLY = "Evidently 0.7.23"
NAMES = {"Wasserstein distance (normed)": "wasserstein", "Jensen-Shannon distance": "jensen_shannon"}
Rounds = dict[str, list[dict[str, Any]]]


def main() -> None:
    options = _options()
    with tempfile.TemporaryDirectory(prefix="mlregistry-drift-") as scratch:
        folder = Path(options.folder or scratch)
        folder.mkdir(parents=True, exist_ok=True)
        sides = [str(path) for path in two_tables.made(folder, options.rows)]
        rounds = measured(sides, folder / "answer.json", options)
        log = logged(sides, options) if options.log == "all" else None
    print(f"\n{options.rows:,} rows of the baseline, {options.rounds} rounds\n")
    print(f"| | check, {SECONDS} | check, {CPU} | whole, {SECONDS} | peak {MEMORY} | × Evidently by {CPU} |")
    print("|---|---:|---:|---:|---:|---:|")
    for name, answers in rounds.items():
        if name != "records":
            print(line(name, answers, rounds.get(EVIDENTLY)))
    told(rounds)
    if log:
        told_of_log(log, rounds.get(EVIDENTLY))


def logged(sides: Sequence[str], options: argparse.Namespace) -> dict[str, Any]:
    """The same rows in the prediction log of a server, in a database of its own."""
    with (
        tempfile.TemporaryDirectory(prefix="mlregistry-log-") as scratch,
        prepared(Path(scratch)) as environment,
    ):
        words = [str(Path(side).absolute()) for side in sides]
        module = "benchmarks.drift_work.log_check"
        return answer_of(environment, module, [*words, str(options.rounds)], Path(scratch) / "answer.json")


def measured(sides: Sequence[str], answer: Path, options: argparse.Namespace) -> Rounds:
    """All answers by name, round after round."""
    ours = [sys.executable, "-m"]
    commands = {
        f"{way}": [*ours, "benchmarks.drift_work.one_check", way, *sides, str(answer)]
        for way in ("files", "frames", "counters")
    }
    commands["records"] = [*ours, "benchmarks.drift_work.record_fold", str(answer)]
    if options.peers == "all":
        python = peers.program("evidently", Path(options.peers_folder).absolute())
        commands[EVIDENTLY] = [python, str(PRESET), *sides, str(answer)]
    rounds: Rounds = defaultdict(list)
    for _ in range(options.rounds):
        for name, command in commands.items():
            usage = of_command(command)
            rounds[name].append({**json.loads(answer.read_text(encoding="utf-8")), **usage})
            print(
                f"{name}: {rounds[name][-1]['check' if name != 'records' else 'fold']:.2f} s",
                file=sys.stderr,
                flush=True,
            )
    return rounds


def line(name: str, answers: Sequence[Mapping[str, Any]], peer: Sequence[Mapping[str, Any]] | None) -> str:
    check, cpu = middle(answers, "check"), middle(answers, "cpu")
    ratio = f"{middle(peer, 'cpu') / cpu:,.1f}" if peer else "–"
    cells = [
        name,
        f"{check:.3f}",
        f"{cpu:.3f}",
        f"{middle(answers, SECONDS):.1f}",
        f"{middle(answers, MEMORY):,.0f}",
    ]
    return f"| {' | '.join([*cells, ratio])} |"


def middle(answers: Sequence[Mapping[str, Any]], key: str) -> float:
    return float(statistics.median(answer[key] for answer in answers))


def told(rounds: Rounds) -> None:
    """Fold rates, bytes, and how far figures lie apart."""
    counters, records = rounds["counters"], rounds["records"]
    rate = middle(counters, "values") / middle(counters, "fold_cpu")
    print(f"\nThe baseline made in {middle(counters, 'baseline'):.1f} s")
    print(f"Folded from arrays: {rate:,.0f} values a CPU-second")
    print(
        f"Folded from rows of JSON: {middle(records, 'values') / middle(records, 'fold'):,.0f} values a CPU-second"
    )
    print(f"Counters of the window: {middle(counters, 'bytes'):,.0f} bytes")
    for name, apart in counters[0]["apart"].items():
        print(f"Counters against rows, {name}: at most {apart:.5f} apart")
    if EVIDENTLY in rounds:
        _agreement(rounds["frames"][0]["figures"], rounds[EVIDENTLY][0]["figures"])


def told_of_log(log: Mapping[str, Any], peer: Sequence[Mapping[str, Any]] | None) -> None:
    """What counting, a report from counters and a check row by row take of the log itself."""
    n_values = log["rows"] * (log["columns"] + 1)
    count, exact = log["count"], log["exact"]
    reports = sorted(log["reports"])
    print(f"\nThe prediction log: {log['rows']:,} rows of {log['columns']} columns and their answers\n")
    print(f"| | {SECONDS} | {CPU} | {CPU} of the database | peak {MEMORY} |\n|---|---:|---:|---:|---:|")
    print(
        f"| counting | {_cells(count)} |\n| check row by row | {_cells({k: middle(exact, k) for k in count})} |"
    )
    print(f"\nCounted: {n_values / count['seconds']:,.0f} values a second, the database's part in it")
    print(f"Report from counters: median {1000 * statistics.median(reports):.0f} ms, p95", end=" ")
    print(f"{1000 * reports[int(0.95 * len(reports))]:.0f} ms of {len(reports)}")
    if peer:
        ratio = middle(peer, "check") / middle(exact, "seconds")
        print(
            f"Evidently's preset takes {ratio:.1f} times as long as the check row by row, from rows in memory"
        )


def _cells(found: Mapping[str, float]) -> str:
    parts = [f"{found[name]:.1f}" for name in ("seconds", "cpu", "server_cpu")]
    return " | ".join([*parts, f"{found['peak_mb']:,.0f}"])


def _agreement(ours: Mapping[str, Sequence[Any]], theirs: Mapping[str, Sequence[Any]]) -> None:
    pairs = {
        name: abs(ours[name][1] - figure)
        for name, (method, figure) in theirs.items()
        if name in ours and NAMES.get(method) == ours[name][0]
    }
    others = [
        f"{name}: {theirs[name][0]}, here {ours.get(name, ['–'])[0]}" for name in theirs if name not in pairs
    ]
    print(
        f"Same method as Evidently in {len(pairs)} of {len(theirs)} columns, at most {max(pairs.values()):.1e} apart"
    )
    print("\n".join(others))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--folder", help="keep the generated tables here for another run")
    parser.add_argument("--peers", choices=("all", "none"), default="all")
    parser.add_argument("--log", choices=("all", "none"), default="all")
    parser.add_argument("--peers-folder", default=".venv/peers", help="where environments of peers are made")
    return parser.parse_args()


if __name__ == "__main__":
    try:
        main()
    except subprocess.CalledProcessError as error:
        sys.exit(f"A measured command failed: {error}")
