"""`python -m benchmarks.finding`: the search, the start page and a problem's page of a team with 100,000 runs.

A database of its own is filled (a minute), another team with as many runs beside it; then each is asked for again and
again in this process. `--runs` chooses how many.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

from benchmarks.drift_work.database import answer_of, prepared


def main() -> None:
    options = _options()
    with tempfile.TemporaryDirectory(prefix="mlregistry-finding-") as scratch:
        folder = Path(scratch)
        with prepared(folder) as environment:
            words = [str(options.runs)]
            found = answer_of(environment, "benchmarks.finding_work.times", words, folder / "answer.json")
    print(f"\n{options.runs:,} runs of the team, as many of another\n")
    print("| asked for | statements | median | p95 |\n|---|---:|---:|---:|")
    for row in found["rows"]:
        print(
            f"| {row['asked']} | {row['statements']} | {1000 * row['median']:.1f} ms | {1000 * row['p95']:.1f} ms |"
        )


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=100_000)
    return parser.parse_args()


if __name__ == "__main__":
    main()
