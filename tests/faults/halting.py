"""Stops a worker or a job at a named point, once, so that a test can kill the worker there. An app of these tests."""

import os
import sys
import time
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

from django.apps import AppConfig

IN_WORKER = {"claim": "mlregistry.jobs.processes.launch", "end": "mlregistry.jobs.attempts.finish"}
IN_JOB = {
    "load": "mlregistry.ml.tables.load",
    "fit": "mlregistry.ml.supervised.carrying.fit_adjusted",
    "measure": "mlregistry.ml.supervised.training.measure_parts",
    "package": "mlregistry.ml.packaging.save",
    "upload": "experiments.actions.artifacts.save_artifact",
    "finish": "experiments.actions.runs.finish_run",
}
POINTS = (*IN_WORKER, *IN_JOB)


class Halt:
    """The folder where a test asks for a point, and is told when a process stands there."""

    def __init__(self, folder: Path) -> None:
        self.asked, self.reached = folder / "asked", folder / "reached"

    def ask(self, point: str) -> None:
        self.reached.unlink(missing_ok=True)
        self.asked.write_text(point)

    def at(self, point: str) -> None:
        if self.asked.exists() and self.asked.read_text() == point:
            self.asked.rename(self.reached)
            time.sleep(600)


class HaltingConfig(AppConfig):
    name = "tests.faults.halting"

    def ready(self) -> None:
        in_job = "mlregistry.jobs.forkserver" in sys.orig_argv
        halt = Halt(Path(os.environ["TEST_HALT"]))
        for point, path in (IN_JOB if in_job else IN_WORKER).items():
            module, _, name = path.rpartition(".")
            place = import_module(module)
            setattr(place, name, _halting(halt, point, getattr(place, name)))


def _halting(halt: Halt, point: str, function: Callable[..., Any]) -> Callable[..., Any]:
    def halts_first(*args: Any, **options: Any) -> Any:
        halt.at(point)
        return function(*args, **options)

    return halts_first
