"""Large fits on a real Dask cluster whose workers are killed: the same figures to the last bit, or none lost."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from pytest_django import Settings

from experiments.actions import training as actions
from experiments.models import DatasetVersion, Problem, Run
from mlregistry.accounts.actor import Actor
from mlregistry.env import EnvironmentMistake
from mlregistry.jobs import dask_cluster
from mlregistry.jobs.inline import run_here
from mlregistry.jobs.models import State
from mlregistry.ml import farm, recipes, training
from mlregistry.ml.farm import Farm
from mlregistry.ml.farm_place import Place
from mlregistry.ml.problems import ProblemSpec
from mlregistry.ml.supervised.farming import Farmer
from mlregistry.ml.training_result import TrainingResult
from mlregistry.supervisor.leash import leashed
from tests.servers import free_port

ROOT = Path(__file__).resolve().parents[2]
SPEC = ProblemSpec(
    kind="classification", features=(), target="label", primary_metric="roc_auc", direction="maximize"
)


class Cluster:
    """A scheduler and workers of one thread each, as processes."""

    def __init__(self, folder: Path) -> None:
        self.place = Place(f"tcp://127.0.0.1:{free_port()}")
        self.folder = folder
        self.scheduler = self._start("dask_scheduler", "--host", self.place.scheduler, "--no-show")
        self.workers: list[subprocess.Popen[bytes]] = []

    def need(self, n_workers: int) -> None:
        self.workers = [worker for worker in self.workers if worker.poll() is None]
        while len(self.workers) < n_workers:
            options = ["--no-nanny", "--nthreads", "1", "--local-directory", str(self.folder)]
            self.workers.append(self._start("dask_worker", self.place.scheduler, *options))

    def kill_one(self) -> None:
        worker = self.workers.pop()
        worker.kill()
        worker.wait(60)

    def stop(self) -> None:
        for process in (*self.workers, self.scheduler):
            process.kill()
            process.wait(60)

    def _start(self, command: str, *arguments: str) -> subprocess.Popen[bytes]:
        program = [sys.executable, "-m", f"distributed.cli.{command}", *arguments, "--no-dashboard"]
        return subprocess.Popen(
            program,
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            preexec_fn=leashed(signal.SIGKILL),
        )


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    found = Cluster(tmp_path_factory.mktemp("dask"))
    found.need(2)
    yield found
    found.stop()


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """The cluster may be starting."""
    monkeypatch.setattr(farm, "ANSWER_SECONDS", 90.0)


def frame(n_rows: int = 3000) -> pd.DataFrame:
    chance = np.random.default_rng(0)
    table = pd.DataFrame(chance.normal(size=(n_rows, 12)), columns=[f"x{n}" for n in range(12)])
    table["label"] = np.where(table.x0 + table.x1 * table.x2 + chance.normal(size=n_rows) > 0, "yes", "no")
    return table


def figures(result: TrainingResult) -> dict[str, Any]:
    return {"metrics": result.metrics, "folds": result.evaluation["folds"]}


def killing(cluster: Cluster, working: Farm, *, after: str) -> Callable[[float, str], None]:
    """A report that has a worker killed once both are busy with what `after` announces."""

    def kill() -> None:
        while sum(map(len, working.client.processing().values())) < 2:
            time.sleep(0.02)
        cluster.kill_one()

    def report(fraction: float, message: str) -> None:
        if after in message and len(cluster.workers) > 1:
            threading.Thread(target=kill).start()

    return report


@pytest.mark.parametrize(
    ("estimator", "during"),
    [("random_forest", "fold 1 of 4"), ("random_forest", "Fitting"), ("logistic_regression", "fold 1 of 4")],
)
def test_a_large_fit_under_kill_9_has_the_figures_of_a_sequential_one(
    cluster: Cluster, patient: None, estimator: str, during: str
) -> None:
    params = {"n_estimators": 60} if estimator == "random_forest" else {}
    recipe = recipes.parse({"estimator": estimator, "params": params, "folds": 4})
    cluster.need(2)
    with farm.connected(cluster.place) as working:
        working.client.wait_for_workers(2, timeout=90)
        report = killing(cluster, working, after=during)
        apart = training.train(SPEC, recipe, frame(), report, carrier=Farmer(working))
    here = training.train(SPEC, recipe, frame(), lambda fraction, message: None)
    assert figures(apart) == figures(here)
    assert apart.warnings == here.warnings
    assert len(cluster.workers) == 1


@pytest.mark.django_db
def test_a_training_job_uses_the_operator_s_cluster_for_large_tables(
    cluster: Cluster,
    patient: None,
    settings: Settings,
    problem: Problem,
    version: DatasetVersion,
    editor: Actor,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    settings.DASK, settings.DASK_LEAST_CELLS = cluster.place, 0
    cluster.need(1)
    sent: list[str] = []
    submit = Farm.submit

    def counted(self: Farm, function: Callable[..., Any], *given: Any) -> Any:
        sent.append(function.__name__)
        return submit(self, function, *given)

    monkeypatch.setattr(Farm, "submit", counted)
    recipe = {"estimator": "extra_trees", "params": {"n_estimators": 5}, "folds": 2}
    _, runs, job = actions.start_training(problem, version, recipes=[recipe], by=editor)
    assert run_here(job).state == State.SUCCEEDED, job.error
    assert sent.count("measure_on_worker") == 4  # the baseline has folds too
    assert sent.count("run_batch") == 5
    assert not any("Dask" in text for text in Run.objects.get(pk=runs[1].pk).warnings)


@pytest.mark.django_db
def test_a_training_goes_on_here_when_the_scheduler_is_away(
    settings: Settings,
    problem: Problem,
    version: DatasetVersion,
    editor: Actor,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    settings.DASK, settings.DASK_LEAST_CELLS = Place(f"tcp://127.0.0.1:{free_port()}"), 0
    monkeypatch.setattr(farm, "ANSWER_SECONDS", 0.5)
    _, runs, job = actions.start_training(problem, version, recipes=[{"estimator": "dummy"}], by=editor)
    assert run_here(job).state == State.SUCCEEDED, job.error
    assert "does not answer" in Run.objects.get(pk=runs[0].pk).warnings[0]


def test_what_a_cluster_loses_is_done_here(
    cluster: Cluster, patient: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(farm, "LOST_SECONDS", 1.0)
    recipe = recipes.parse({"estimator": "random_forest", "params": {"n_estimators": 20}, "folds": 2})
    cluster.need(1)
    with farm.connected(cluster.place) as working:
        monkeypatch.setattr(farm, "ANSWER_SECONDS", 1.0)

        def report(fraction: float, message: str) -> None:
            while "Fitting" in message and cluster.workers:  # before anything is sent
                cluster.kill_one()

        apart = training.train(SPEC, recipe, frame(600), report, carrier=Farmer(working))
    here = training.train(SPEC, recipe, frame(600), lambda fraction, message: None)
    assert figures(apart) == figures(here)
    assert any("without the Dask cluster" in text for text in apart.warnings)


def test_the_address_and_the_files_of_tls_are_checked(monkeypatch: pytest.MonkeyPatch) -> None:
    assert dask_cluster.place() is None
    monkeypatch.setenv("MLREGISTRY_DASK_SCHEDULER", "tls://scheduler:8786")
    with pytest.raises(EnvironmentMistake, match="all three"):
        dask_cluster.place()
    for name in dask_cluster.FILES.values():
        monkeypatch.setenv(name, "/etc/file.pem")
    found = dask_cluster.place()
    assert found == Place("tls://scheduler:8786", "/etc/file.pem", "/etc/file.pem", "/etc/file.pem")
    monkeypatch.setenv("MLREGISTRY_DASK_SCHEDULER", "tcp://scheduler:8786")
    with pytest.raises(EnvironmentMistake, match="all three"):
        dask_cluster.place()
    for wrong in ("scheduler:8786", "http://scheduler:8786", "tcp://scheduler", "tcp://scheduler:x"):
        monkeypatch.setenv("MLREGISTRY_DASK_SCHEDULER", wrong)
        with pytest.raises(EnvironmentMistake, match="must be like"):
            dask_cluster.place()
