"""`python -m benchmarks.selection`: time and memory of each selection method by its own rule, on three tables.

One process per figure; the first row of a table is what reading it alone costs. `--only` chooses tables by a word.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
from sklearn.pipeline import Pipeline

from benchmarks.data_work.row import CPU, MEMORY, SECONDS, of_command
from mlregistry.ml import tables
from mlregistry.ml.problems import ProblemSpec
from mlregistry.ml.selection import methods
from mlregistry.ml.selection.methods import METHODS
from mlregistry.ml.steps import compiling, suggesting
from mlregistry.ml.steps.catalogue import Making

READ = "read"
N_TELLING = 10


def main() -> None:
    options = _options()
    if options.one:
        _one(Path(options.one[0]), options.one[1])
        return
    for title, make in TABLES.items():
        if options.only in title:
            with tempfile.TemporaryDirectory(prefix="mlregistry-bench-") as folder:
                _measure(title, make, Path(folder), Path(options.data))


def _measure(title: str, make: Callable[[Path, Path], bool], folder: Path, data: Path) -> None:
    if not make(folder, data):
        print(f"\n{title}: its file is not in {data}; left out.")
        return
    print(f"\n{title}\n\n| method | {CPU} | {MEMORY} | {SECONDS} | kept |\n|---|---:|---:|---:|---:|")
    for name in (READ, *METHODS):
        command = [sys.executable, "-m", "benchmarks.selection", "--one", str(folder), name]
        figures = of_command(command)
        kept = (folder / f"{name}.txt").read_text()
        cells = [f"{figures[unit]:,.3g}" for unit in (CPU, MEMORY, SECONDS)]
        print(f"| {name} | {' | '.join(cells)} | {kept} |", flush=True)


def _one(folder: Path, name: str) -> None:
    """One method on the table in the folder; writes how many features it kept."""
    matrix, target = np.load(folder / "X.npy"), np.load(folder / "y.npy", allow_pickle=False)
    kept = "–"
    if name != READ:
        kept = str(methods.make(name, kind="classification").fit(matrix, target).transform(matrix).shape[1])
    (folder / f"{name}.txt").write_text(kept)


def _telco(folder: Path, data: Path) -> bool:
    """The churn table after its suggested recipe."""
    source = data / "telco_churn.csv"
    if not source.exists():
        return False
    info = tables.convert(source, source.name, folder / "table.parquet")
    frame = tables.load(folder / "table.parquet")
    spec = ProblemSpec("classification", (), "Churn", "roc_auc", "maximize", None)
    steps = suggesting.suggest(spec, info).steps
    target = frame.pop("Churn").to_numpy(dtype=str)
    pipeline = Pipeline([*compiling.features(steps, Making()), ("estimator", "passthrough")])
    np.save(folder / "X.npy", compiling.fit_features(pipeline, frame, target))
    np.save(folder / "y.npy", target)
    return True


def _made(n_rows: int, n_columns: int) -> Callable[[Path, Path], bool]:
    """Noise, of which ten columns add up to the class."""

    def make(folder: Path, data: Path) -> bool:
        chance = np.random.default_rng(0)
        matrix = chance.normal(size=(n_rows, n_columns))
        signal = matrix[:, :N_TELLING].sum(axis=1) + chance.normal(0, 2, n_rows)
        np.save(folder / "X.npy", matrix)
        np.save(folder / "y.npy", np.where(signal > 0, "yes", "no"))
        return True

    return make


TABLES = {
    "telco churn, 7,043 × 46 prepared": _telco,
    "made, 1,000,000 × 30": _made(1_000_000, 30),
    "made, 100,000 × 100": _made(100_000, 100),
}


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", default="", help="a word of the tables to run")
    parser.add_argument("--data", default="../shared/data", help="folder with telco_churn.csv")
    parser.add_argument("--one", nargs=2, metavar=("FOLDER", "METHOD"), help=argparse.SUPPRESS)
    return parser.parse_args()


if __name__ == "__main__":
    main()
