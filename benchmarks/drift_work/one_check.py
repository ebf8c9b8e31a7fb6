"""One drift check in a process of its own: `… -m benchmarks.drift_work.one_check <way> <baseline> <window> <answer>`.

Ways: "files" reads Parquet column by column, "frames" has both tables in memory first, "counters" folds them first.
"""

import json
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import duckdb
import pandas as pd

from mlregistry.ml.drift import coding, counted
from mlregistry.ml.drift.baselines import baseline_of
from mlregistry.ml.drift.counters import counted_values
from mlregistry.ml.drift.declaring import parse
from mlregistry.ml.drift.folding import fold_columns
from mlregistry.ml.drift.parquet_rows import open_table
from mlregistry.ml.drift.report import DriftReport
from mlregistry.ml.drift.tables import compare, compare_arrays
from mlregistry.ml.drift.values import of_array

# Methods that Evidently has, one after the other, for the agreement of counters with rows.
METHODS = ("wasserstein", "ks", "jensen_shannon", "psi", "psi_equal_width")


def files(baseline: Path, window: Path) -> dict[str, Any]:
    clock = Clock()
    with open_table([baseline]) as before, open_table([window]) as now:
        report = compare(before, now)
    return {**clock.read("check", "cpu"), "figures": figures(report)}


def frames(baseline: Path, window: Path) -> dict[str, Any]:
    tables = _loaded(baseline, window)
    clock = Clock()
    report = compare_arrays(tables[0], tables[1])
    return {**clock.read("check", "cpu"), "figures": figures(report)}


def counters(baseline: Path, window: Path) -> dict[str, Any]:
    before, now = _loaded(baseline, window)
    values = {str(name): of_array(before[name]) for name in before}
    clock = Clock()
    base = baseline_of(values)
    reference = counted_values(base, values, n_rows=len(before))
    found: dict[str, Any] = clock.read("baseline", "baseline_cpu")
    arrays = {str(name): now[name].to_numpy() for name in now}
    clock = Clock()
    current = fold_columns(base, arrays, n_rows=len(now))
    found |= clock.read("fold", "fold_cpu")
    stored = coding.to_bytes(current, base)
    counted.compare(base, reference, reference)  # imports what measures need
    clock = Clock()
    report = counted.compare(base, reference, coding.from_bytes(stored, base))
    found |= clock.read("check", "cpu")
    apart = {}
    for name in METHODS:
        declared = parse({"methods": {"numeric": name}})
        pair = (
            figures(counted.compare(base, reference, current, declared)),
            figures(compare_arrays(before, now, declared)),
        )
        apart[name] = max(abs(pair[0][column][1] - pair[1][column][1]) for column in pair[0])
    return {**found, "values": now.size, "bytes": len(stored), "apart": apart, "figures": figures(report)}


class Clock:
    """Wall and processor seconds since it was made."""

    def __init__(self) -> None:
        self.started, self.cpu = time.perf_counter(), time.process_time()

    def read(self, wall: str, cpu: str) -> dict[str, float]:
        return {wall: time.perf_counter() - self.started, cpu: time.process_time() - self.cpu}


def figures(report: DriftReport) -> dict[str, tuple[str, float]]:
    return {
        column.name: (column.method, column.statistic)
        for column in report.columns
        if column.method is not None and column.statistic is not None
    }


def _loaded(*paths: Path) -> list[pd.DataFrame]:
    with duckdb.connect() as connection:
        return [connection.execute(f"SELECT * FROM read_parquet('{path}')").df() for path in paths]  # noqa: S608  # our own files


WAYS: Mapping[str, Callable[[Path, Path], dict[str, Any]]] = MappingProxyType(
    {"files": files, "frames": frames, "counters": counters}
)

if __name__ == "__main__":
    way, baseline_path, window_path, answer_path = sys.argv[1:5]
    found = WAYS[way](Path(baseline_path), Path(window_path))
    Path(answer_path).write_text(json.dumps(found), encoding="utf-8")
