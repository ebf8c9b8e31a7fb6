"""The outer folds of a nested search: the whole search runs on the fitted rows, its winner is scored on the others.

Mean and interval over them are an honest score of the search itself (Cawley and Talbot 2010). Called by their jobs.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice
from typing import Any

import numpy.typing as npt
import pandas as pd

from mlregistry.ml import metrics, pipelines, training_steps
from mlregistry.ml.problems import ProblemSpec
from mlregistry.ml.recipes import Recipe
from mlregistry.ml.supervised import table
from mlregistry.ml.supervised.adjusting import fit_adjusted
from mlregistry.ml.supervised.fitting import outcome_of
from mlregistry.ml.supervised.folding import folds
from mlregistry.ml.supervised.table import Work

Array = npt.NDArray[Any]
OTHER_SEED = 7_919


@dataclass(frozen=True)
class Outer:
    """Outer fold `number` (from 0) of `n_folds`."""

    n_folds: int
    number: int

    def rows(self, work: Work, rows: Array) -> tuple[Array, Array]:
        """(fitted, held-out) of the training rows, by another seed than the inner folds."""
        seed = (work.recipe.seed + OTHER_SEED) % 2**32
        found = folds(work, rows, n_folds=self.n_folds, repeats=1, seed=seed)
        return next(islice(found, self.number, None))


@dataclass(frozen=True)
class Score:
    """The metrics on the held-out rows, and how many those are per fitted row."""

    metrics: dict[str, float]
    held_share: float


def score(spec: ProblemSpec, recipe: Recipe, frame: pd.DataFrame, outer: Outer) -> Score:
    """The recipe fitted on the outer fold's rows and measured on its held-out ones."""
    work = table.prepare(spec, recipe, frame, lambda fraction, message: None)
    inside, outside = outer.rows(work, table.part(work).train)
    pipeline = pipelines.build(spec.kind, work.recipe)
    fit_adjusted(work, pipeline, inside)
    rows = work.frame[work.features]
    with training_steps.lenient(pipeline):
        outcome = outcome_of(work, pipeline, rows.iloc[outside], work.target[outside], rows.iloc[inside])
    return Score(metrics.measure(spec.kind, outcome), len(outside) / len(inside))
