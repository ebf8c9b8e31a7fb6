"""A study on the server's lanes against the same study by plain Optuna: `python -m benchmarks.studies`.

Both measure trials by the same function, on the same table, from the same space and sampler. Plain Optuna runs in one
process with as many threads as the server has lanes. Prints wall and processor time, and the overhead per trial.
"""

import argparse
import json
import os
import resource
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import optuna
import pandas as pd
import psutil
import threadpoolctl
from sklearn import datasets

from mlregistry.ml import recipes, tables
from mlregistry.ml.problems import ProblemSpec
from mlregistry.ml.search import measuring, sampling
from mlregistry.ml.search import space as ml_space

ROOT = Path(__file__).resolve().parents[1]
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
TOKEN = "benchmark-token-of-the-first-owner"  # noqa: S105


class Server:
    """A server of its own in a fresh home, and its API."""

    def __init__(self, home: str) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        environment = {
            **os.environ,
            "MLREGISTRY_HOME": home,
            "PORT": str(self.port),
            "MLREGISTRY_DEMO": "0",
            "MLREGISTRY_ADMIN_TOKEN": TOKEN,
        }
        self.process = subprocess.Popen(
            [sys.executable, "-m", "mlregistry.supervisor"],
            cwd=ROOT,
            env=environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    def wait(self) -> None:
        deadline = time.monotonic() + 120
        while time.monotonic() < deadline:
            try:
                self.ask("problems/")
            except (urllib.error.URLError, ConnectionError):
                time.sleep(0.2)
            else:
                return
        raise SystemExit("The server did not start.")

    def ask(self, path: str, body: Any = None, *, raw: bytes | None = None, name: str = "") -> Any:
        data = raw if raw is not None else None if body is None else json.dumps(body).encode()
        headers = {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json"}
        if raw is not None:
            headers |= {"Content-Type": "text/csv", "X-Filename": name}
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}/api/v1/{path}", data=data, headers=headers
        )
        with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310 (our own server)
            return json.load(answer)

    def cpu_seconds(self) -> float:
        """Of everything that runs, and of the children that have ended under it."""
        family = [
            psutil.Process(self.process.pid),
            *psutil.Process(self.process.pid).children(recursive=True),
        ]
        total = 0.0
        for one in family:
            try:
                used = one.cpu_times()
            except psutil.NoSuchProcess:
                continue
            total += used.user + used.system + used.children_user + used.children_system
        return total

    def stop(self) -> None:
        self.process.send_signal(signal.SIGINT)
        self.process.wait(30)


def by_server(server: Server, frame: pd.DataFrame, n_trials: int, n_lanes: int) -> dict[str, Any]:
    """The study's wall and processor time, and the gaps that its lanes leave between fits."""
    mark = f"{n_trials} on {n_lanes}"
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
        time.sleep(0.25)
    wall, cpu = time.monotonic() - started, server.cpu_seconds() - before
    rows: list[dict[str, Any]] = []
    page = f"studies/{study['id']}/trials/?page_size=1000"
    rows = server.ask(page)["results"]
    first = min(pd.Timestamp(row["started_at"]) for row in rows)
    last = max(pd.Timestamp(row["ended_at"]) for row in rows)
    return {
        "wall": wall, "cpu": cpu, "span": (last - first).total_seconds(), "rows": rows, "best": found["best_value"],
    }  # fmt: skip


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


def bare_seconds(frame: pd.DataFrame, points: Sequence[dict[str, Any]]) -> float:
    """The time of the same fits one after the other in one warm process, with nothing around them."""
    space = ml_space.parse(SPACE, kind="classification", recipe={"folds": FOLDS})
    with threadpoolctl.threadpool_limits(os.cpu_count() or 1):
        measured(space, frame, dict(points[0]))
        started = time.monotonic()
        for params in points:
            measured(space, frame, params)
    return time.monotonic() - started


def processor_seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--trials", type=int, default=200)
    parser.add_argument("--lanes", type=int, default=2)
    parser.add_argument("--overhead-trials", type=int, default=40)
    options = parser.parse_args()
    frame = datasets.load_breast_cancer(as_frame=True).frame
    with tempfile.TemporaryDirectory(prefix="mlregistry-studies-") as home:
        source = Path(home, "cancer.csv")
        frame.to_csv(source, index=False)
        tables.convert(source, source.name, Path(home, "cancer.parquet"))
        frame = tables.load([Path(home, "cancer.parquet")])
        server = Server(home)
        try:
            server.wait()
            by_server(
                server, frame, 4, 1
            )  # the fork server and the pages of its libraries are warm from here on
            alone = by_server(server, frame, options.overhead_trials, 1)
            bare = bare_seconds(frame, [row["params"] for row in alone["rows"]])
            ours = by_server(server, frame, options.trials, options.lanes)
        finally:
            server.stop()
    theirs = by_optuna(frame, options.trials, options.lanes)
    n = options.overhead_trials
    inside = statistics.fmean(row["seconds"] for row in alone["rows"])
    print(
        f"One lane, {n} trials: {alone['span'] / n * 1000:.0f} ms a trial ({inside * 1000:.0f} ms in its fork);"
    )
    print(
        f"the bare fits: {bare / n * 1000:.0f} ms; overhead {(alone['span'] - bare) / n * 1000:.0f} ms a trial.\n"
    )
    print(
        f"| {options.trials} trials | wall s | CPU s | trials/s | best ROC-AUC |\n|---|---:|---:|---:|---:|"
    )
    for name, one in (
        (f"mlregistry, {options.lanes} lanes", ours),
        (f"Optuna, {options.lanes} threads", theirs),
    ):
        rate = options.trials / one["wall"]
        print(f"| {name} | {one['wall']:.1f} | {one['cpu']:.1f} | {rate:.2f} | {one['best']:.4f} |")
    print(f"\nThroughput: {theirs['wall'] / ours['wall']:.2f} × plain Optuna.")


if __name__ == "__main__":
    main()
