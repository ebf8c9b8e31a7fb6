"""What a contract costs on a large mixed table: inference, checks and the comparison of two versions."""

import resource
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb

from mlregistry.ml.contracts import checking, comparing, inference
from mlregistry.ml.profiling import building

COLORS = "['red', 'green', 'blue', 'yellow', 'black', 'white']"


def run(n_rows: int = 1_000_000) -> None:
    """Prints processor seconds, seconds and peak memory so far for tables of 30 columns, in Markdown."""
    print("| work | CPU-s | s | MB so far |\n|---|---:|---:|---:|")
    with tempfile.TemporaryDirectory() as name:
        earlier, later = (_table(Path(name) / f"{seed}.parquet", n_rows, seed) for seed in (1, 2))
        now = datetime.now(UTC)
        title = f"quick profile of {n_rows:,} × 30, which both versions have already"
        first = _timed(title, lambda: building.profile([earlier]))
        second = building.profile([later])
        proposal = _timed("suggest a contract from it", lambda: inference.infer(first, [earlier], now=now))
        contract = proposal.contract
        _timed("check, with the import of pandera", lambda: _checked(contract, later, now))
        report = _timed("check", lambda: _checked(contract, later, now))
        _timed("compare two profiles", lambda: comparing.compare(contract, first, second))
        print(f"\n{report.n_checks} checks, {report.state}.")


def _checked(contract: Any, part: Path, now: datetime) -> Any:
    return checking.check(contract, [part], now=now)


def _timed(title: str, work: Callable[[], Any]) -> Any:
    wall, cpu = time.perf_counter(), time.process_time()
    result = work()
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"| {title} | {cpu:.2f} | {wall:.2f} | {peak:,.0f} |", flush=True)
    return result


def _table(path: Path, n_rows: int, seed: int) -> Path:
    """A key, 12 floats with gaps, 6 integers, 6 categories, 2 booleans, a time, a code and a text."""
    columns = ["range AS row_id"]
    columns += [
        f"CASE WHEN random() < 0.05 THEN NULL ELSE random() * {10 ** (i % 4)} END AS f{i}" for i in range(12)
    ]
    columns += [f"(random() * {50 * (i + 1)})::BIGINT AS i{i}" for i in range(6)]
    columns += [f"{COLORS}[1 + (random() * {min(5, i + 1)})::INT] AS c{i}" for i in range(6)]
    columns += [f"random() > 0.5 AS b{i}" for i in range(2)]
    columns.append("TIMESTAMP '2020-01-01' + INTERVAL 1 MINUTE * (random() * 2000000)::INT AS at")
    columns.append("printf('%08d-AB', range) AS code")
    columns.append("'the quick ' || (random() * 1e6)::INT || ' fox jumps' AS txt")
    with duckdb.connect(":memory:") as connection:
        connection.execute(f"SELECT setseed(0.{seed})")
        connection.execute(
            f"COPY (SELECT {', '.join(columns)} FROM range({n_rows})) TO '{path}' (FORMAT parquet)"  # noqa: S608  # no text of anybody else's
        )
    return path


if __name__ == "__main__":
    run()
