"""What a lane's fork does with one trial: measures it and tells each step. Called by the lane.

A piece is the trial's params, the file that keeps what was predicted for held-out rows, if it is kept, and whether a
first look at a few rows, told as step 0, comes before the folds.
"""

import os
import sys
from pathlib import Path
from typing import Any

import pandas as pd
import threadpoolctl

from experiments.models import AutoTraining, Study
from experiments.queries.trials import recipe_of
from mlregistry.jobs.forked import Fork, Send
from mlregistry.ml.ensembling import held
from mlregistry.ml.problems import ProblemSpec
from mlregistry.ml.recipes import parse as parse_recipe
from mlregistry.ml.search import measuring

LOOK = 0


def of_study(study: Study, spec: ProblemSpec, frame: pd.DataFrame, auto: AutoTraining | None) -> Fork:
    """For trials of the study on this table."""
    shares = study.shares if study.pruner != "none" else []
    wanted = [one["metric"] for one in study.objectives]
    # Lanes stand side by side; and sums of one thread keep their last digits.
    threads = Threads(max(1, (os.cpu_count() or 1) // max(1, study.n_lanes)) if auto else 1)
    most_folds = auto.measured_folds if auto else None

    def measure(piece: dict[str, Any], send: Send) -> None:
        threads.limit()
        recipe = parse_recipe(recipe_of(study, piece["params"]), kind=spec.kind)
        kept = Path(piece["kept"]) if piece["kept"] else None
        parts: list[Any] = []
        if piece["look"] and (found := measuring.first_look(spec, recipe, frame)):
            send({"step": LOOK, "metrics": found, "last": False})
        for step in measuring.measure(spec, recipe, frame, shares, wanted=wanted, most_folds=most_folds):
            if kept is not None and step.rows is not None:
                parts.append((step.rows, step.outcome))
                held.collect(parts).save(kept)
            send({"step": step.number, "metrics": step.metrics, "last": step.is_last})

    return Fork(measure)


class Threads:
    """How many threads libraries may use; to find the libraries is slow, so only after an import it is done again."""

    def __init__(self, n_threads: int) -> None:
        self.n_threads = n_threads
        self.n_modules = 0

    def limit(self) -> None:
        if len(sys.modules) != self.n_modules:
            threadpoolctl.threadpool_limits(self.n_threads)
            self.n_modules = len(sys.modules)
