"""`python -m benchmarks.monitoring`: the page “Monitoring” of an endpoint with ten million logged predictions.

A database of its own is filled as five weeks of traffic would leave it (some minutes, 5 GB); then the page is asked for
the last day, week and month, and every query behind it explained. `--rows` chooses how many predictions.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from benchmarks.drift_work.database import answer_of, prepared, run


def main() -> None:
    options = _options()
    with tempfile.TemporaryDirectory(prefix="mlregistry-monitoring-", dir=options.folder) as scratch:
        folder = Path(scratch)
        with prepared(folder) as environment:
            run(environment, ["-m", "benchmarks.monitoring_work.filling", str(options.rows)])
            found = answer_of(environment, "benchmarks.monitoring_work.times", [], folder / "answer.json")
    told(found)


def told(found: Mapping[str, Any]) -> None:
    print(
        f"\n{found['rows']:,} logged predictions\n\n| window | first | median | p95 |\n|---|---:|---:|---:|"
    )
    for window, page in found["pages"].items():
        print(
            f"| {window} | {' | '.join(f'{1000 * page[name]:.0f} ms' for name in ('first', 'median', 'p95'))} |"
        )
    scans = [query for query in found["queries"] if query["scans"]]
    most = max(found["queries"], key=lambda query: query["log_rows"])
    n_days = sum(query["window"] == "24h" for query in found["queries"])
    print(
        f"\n{n_days} statements for a day. {len(scans)} of all read a partition of the log from end to end;"
    )
    print(f"the most rows of the log that one reads: {most['log_rows']:,} ({most['sql']} …)")
    print("\n| statement | window | ms | rows of the log |\n|---|---|---:|---:|")
    for query in sorted(found["queries"], key=lambda query: -query["seconds"])[:12]:
        print(
            f"| `{query['sql'][:70]}` | {query['window']} | {1000 * query['seconds']:.1f} | {query['log_rows']:,} |"
        )
    for query in scans:
        print(f"SCAN {query['scans']}: {query['sql']}")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=10_000_000)
    parser.add_argument("--folder", help="where the database lies while it runs")
    return parser.parse_args()


if __name__ == "__main__":
    try:
        main()
    except subprocess.CalledProcessError as error:
        sys.exit(f"A command failed: {error}")
