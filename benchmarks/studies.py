"""A study on the server's lanes against the same study by plain Optuna: `python -m benchmarks.studies`.

Both measure trials by the same function, on the same table, from the same space and sampler. Plain Optuna runs in one
process with as many threads as the server has lanes. Prints wall and processor time, the overhead per trial, and how
long a figure takes from the click on “Start training”.
"""

import argparse
import resource
import statistics
import tempfile
import time
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import optuna
import pandas as pd
import threadpoolctl
from sklearn import datasets

from benchmarks.first_metric import first_just_trained, first_metric
from benchmarks.served import Server
from mlregistry.ml import recipes, tables
from mlregistry.ml.problems import ProblemSpec
from mlregistry.ml.search import measuring, sampling
from mlregistry.ml.search import space as ml_space

SPACE: dict[str, Any] = {
    "estimators": {
        "hist_gradient_boosting": {
            "learning_rate": {"low": 0.01, "high": 0.3, "log": True},
            "max_iter": {"low": 30, "high": 150},
            "max_leaf_nodes": {"low": 4, "high": 32},
        },
        "random_forest": {"n_estimators": 60, "min_samples_leaf": {"low": 1, "high": 20}},
        "logistic_regression": {"C": {"low": 0.001, "high": 100.0, "log": True}},
    }
}
SPEC = ProblemSpec("classification", (), "target", "roc_auc", "maximize")
FOLDS = 3
ROUND_TRIALS = 10
WARMING = 3
PARTS = ["click", "overhead", "throughput"]


def by_server(server: Server, frame: pd.DataFrame, n_trials: int, n_lanes: int) -> dict[str, Any]:
    """The study's wall and processor time, and its trials by number."""
    mark = f"{n_trials} on {n_lanes} at {time.monotonic():.0f}"
    problem = server.ask("problems/", {
        "name": f"Cancer {mark}", "kind": "classification", "target": "target", "primary_metric": "roc_auc",
    })  # fmt: skip
    dataset = server.ask("datasets/", {"name": f"Cancer {mark}"})
    version = server.ask(
        f"datasets/{dataset['id']}/versions/", raw=frame.to_csv(index=False).encode(), name="cancer.csv"
    )
    before, started = server.cpu_seconds(), time.monotonic()
    study = server.ask("studies/", {
        "problem": problem["id"], "dataset_version": version["id"], "space": SPACE, "recipe": {"folds": FOLDS},
        "max_trials": n_trials, "n_lanes": n_lanes,
    })  # fmt: skip
    while (found := server.ask(f"studies/{study['id']}"))["progress"]["n_ended"] < n_trials:
        if found["state"] not in ("RUNNING", "COMPLETE"):
            raise SystemExit(f"The study is {found['state']}: {found['reason']}")
        time.sleep(0.5)
    wall, cpu = time.monotonic() - started, server.cpu_seconds() - before
    rows = server.ask(f"studies/{study['id']}/trials/?page_size=1000&ordering=number")["results"]
    return {"wall": wall, "cpu": cpu, "rows": rows, "best": found["best_value"]}


def by_optuna(frame: pd.DataFrame, n_trials: int, n_threads: int) -> dict[str, Any]:
    """The same space, sampler and measurement in this process."""
    space = ml_space.parse(SPACE, kind="classification", recipe={"folds": FOLDS})
    optuna.logging.set_verbosity(optuna.logging.ERROR)

    def objective(trial: optuna.Trial) -> float:
        return measured(space, frame, sampling._suggest(trial, space))

    with threadpoolctl.threadpool_limits(1):
        study = optuna.create_study(
            direction="maximize", sampler=optuna.samplers.TPESampler(seed=42, multivariate=True, group=True)
        )
        before, started = processor_seconds(), time.monotonic()
        study.optimize(objective, n_trials=n_trials, n_jobs=n_threads)
    return {
        "wall": time.monotonic() - started, "cpu": processor_seconds() - before, "best": study.best_value,
    }  # fmt: skip


def measured(space: ml_space.Space, frame: pd.DataFrame, params: dict[str, Any]) -> float:
    base = {"folds": FOLDS}
    recipe = recipes.parse(ml_space.recipe_of(space, base, params), kind="classification")
    *_, last = measuring.measure(SPEC, recipe, frame, ())
    return last.metrics["cv_roc_auc_mean"]


def bare_seconds(frame: pd.DataFrame, points: Sequence[dict[str, Any]]) -> list[float]:
    """The time of each of the same fits in one warm process, with nothing around them."""
    space = ml_space.parse(SPACE, kind="classification", recipe={"folds": FOLDS})
    found = []
    with threadpoolctl.threadpool_limits(1):
        for params in (*points[:WARMING], *points):
            started = time.monotonic()
            measured(space, frame, params)
            found.append(time.monotonic() - started)
    return found[WARMING:]


def overheads(rows: Sequence[dict[str, Any]], bare: Sequence[float]) -> list[float]:
    """Seconds from each trial's start to the next one's, less its bare fit."""
    starts = [pd.Timestamp(row["started_at"]) for row in rows] + [pd.Timestamp(rows[-1]["ended_at"])]
    cycles = [(after - before).total_seconds() for before, after in pairwise(starts)]
    return [cycle - fit for cycle, fit in zip(cycles, bare, strict=True)]


def processor_seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def _frame(home: str) -> pd.DataFrame:
    """The table as the server has it, converted by the same code."""
    source = Path(home, "cancer.csv")
    datasets.load_breast_cancer(as_frame=True).frame.to_csv(source, index=False)
    tables.convert(source, source.name, Path(home, "cancer.parquet"))
    return tables.load([Path(home, "cancer.parquet")])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--trials", type=int, default=200)
    parser.add_argument("--lanes", type=int, default=2)
    parser.add_argument(
        "--rounds", type=int, default=4, help="of trials for the overhead, each beside its bare fits"
    )
    parser.add_argument("--parts", nargs="+", choices=PARTS, default=PARTS)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="mlregistry-studies-") as home:
        frame = _frame(home)
        server = Server(home)
        ours = {}
        try:
            server.wait()
            by_server(server, frame, 4, 1)  # the fork server and its libraries are warm from here on
            if "click" in options.parts:
                _print_waits([first_metric(server) for _ in range(3)])
                _print_waits([first_just_trained(server) for _ in range(3)])
            if "overhead" in options.parts:
                _print_overhead(*_side_by_side(server, frame, options.rounds))
            if "throughput" in options.parts:
                ours = by_server(server, frame, options.trials, options.lanes)
        finally:
            server.stop()
    if ours:
        theirs = by_optuna(frame, options.trials, options.lanes)
        _print_throughput(options.trials, options.lanes, ours, theirs)


def _side_by_side(
    server: Server, frame: pd.DataFrame, n_rounds: int
) -> tuple[list[float], list[float], list[float], list[float]]:
    """Overheads, times in the fork beyond the fit, bare fits, and processor time of the server beyond theirs.

    A few trials by the server, then the same bare, and again, so that both meet the same noise.
    """
    over: list[float] = []
    inside: list[float] = []
    fits: list[float] = []
    processor: list[float] = []
    for _ in range(n_rounds):
        found = by_server(server, frame, ROUND_TRIALS, 1)
        rows, used = found["rows"], processor_seconds()
        bare = bare_seconds(frame, [row["params"] for row in rows])
        over += overheads(rows, bare)
        inside += [row["seconds"] - fit for row, fit in zip(rows, bare, strict=True)]
        fits += bare
        alone = (processor_seconds() - used) * len(rows) / (len(rows) + WARMING)
        processor.append((found["cpu"] - alone) / len(rows))
    return over, inside, fits, processor


def _print_waits(waits: Sequence[dict[str, float]]) -> None:
    for name in waits[0]:
        shown = ", ".join(f"{one[name]:.1f}" for one in waits)
        print(f"From the click to {name} on the page: {shown} s", flush=True)


def _print_overhead(
    over: Sequence[float], inside: Sequence[float], fits: Sequence[float], processor: Sequence[float]
) -> None:
    print(
        f"\nOne lane, {len(over)} trials, one thread a fit: the bare fits take {statistics.median(fits) * 1000:.0f} ms"
        f" (median), the server {statistics.median(over) * 1000:.0f} ms more a trial,"
        f" {statistics.median(inside) * 1000:.0f} of it in the fork; of all its processes together"
        f" {statistics.median(processor) * 1000:.0f} ms of processor time more.\n",
        flush=True,
    )


def _print_throughput(n_trials: int, n_lanes: int, ours: dict[str, Any], theirs: dict[str, Any]) -> None:
    print(f"| {n_trials} trials | wall s | CPU s | trials/s | best ROC-AUC |\n|---|---:|---:|---:|---:|")
    for name, one in ((f"mlregistry, {n_lanes} lanes", ours), (f"Optuna, {n_lanes} threads", theirs)):
        rate = n_trials / one["wall"]
        print(f"| {name} | {one['wall']:.1f} | {one['cpu']:.1f} | {rate:.2f} | {one['best']:.4f} |")
    print(f"\nThroughput: {theirs['wall'] / ours['wall']:.2f} × plain Optuna.", flush=True)


if __name__ == "__main__":
    main()
