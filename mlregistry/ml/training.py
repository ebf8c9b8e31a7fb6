"""Trains one recipe for a problem of any kind and measures it. Called by training jobs."""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd

from mlregistry.errors import Invalid
from mlregistry.ml.clustering import training as clustering_training
from mlregistry.ml.problems import ProblemSpec
from mlregistry.ml.recipes import Recipe
from mlregistry.ml.recommendation import training as recommendation_training
from mlregistry.ml.supervised import training as supervised_training
from mlregistry.ml.supervised.carrying import Carrier
from mlregistry.ml.supervised.table import SUPERVISED, Report
from mlregistry.ml.training_result import Told, TrainingResult, nobody

Trainer = Callable[[ProblemSpec, Recipe, pd.DataFrame, Report, Told], TrainingResult]
TRAINERS: dict[str, Trainer] = {
    "classification": supervised_training.train,
    "regression": supervised_training.train,
    "clustering": clustering_training.train,
    "recommendation": recommendation_training.train,
}


def train(
    spec: ProblemSpec,
    recipe: Recipe,
    frame: pd.DataFrame,
    report: Report,
    tell: Told = nobody,
    carrier: Carrier | None = None,
) -> TrainingResult:
    """Train on `frame` (raw columns); the same spec, recipe and frame give the same result.

    `tell` hears the metrics of the parts before folds, intervals and charts are begun; `carrier` is for supervised
    problems. Raises Invalid naming the column or field for data or recipes that cannot be trained.
    """
    trainer = TRAINERS.get(spec.kind)
    if trainer is None:
        raise Invalid(f"Training is for {' and '.join(TRAINERS)}.", field="kind")
    if spec.kind in SUPERVISED:
        return supervised_training.train(spec, recipe, frame, report, tell, carrier)
    return trainer(spec, recipe, frame, report, tell)
