"""What the methods work on and what they give back. Built by the job, handed to every method."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.pipeline import Pipeline

from mlregistry.ml import metrics, packaging, pipelines, training_steps
from mlregistry.ml.metrics import MAXIMIZE, Metric, Outcome
from mlregistry.ml.optimising.wish import Wish
from mlregistry.ml.recipes import Recipe
from mlregistry.ml.splits import Parts
from mlregistry.ml.supervised.adjusting import fit_adjusted
from mlregistry.ml.supervised.fitting import outcome_of
from mlregistry.ml.supervised.table import Work

Array = npt.NDArray[Any]


@dataclass(frozen=True)
class Made:
    """One candidate. `recipe` trains it again; without, it was made of the fitted model and `changes` say how.

    `must_equal`: it answers every row as the original does, or something is wrong.
    """

    method: str
    title: str
    pipeline: Pipeline
    changes: str
    recipe: Recipe | None = None
    chart: dict[str, Any] | None = None
    compress: Any = packaging.COMPRESSION
    must_equal: bool = False
    notes: tuple[str, ...] = ()
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Subject:
    """The fitted model on its own table. `rivals` are recipes of its leaderboard, the best first.

    Test rows are for the figures of the report alone: no method looks at them.
    """

    work: Work
    parts: Parts
    pipeline: Pipeline
    wish: Wish
    rivals: tuple[dict[str, Any], ...] = ()
    kept: dict[str, Any] = field(default_factory=dict)

    @property
    def kind(self) -> str:
        return self.work.spec.kind

    @property
    def recipe(self) -> Recipe:
        return self.work.recipe

    @property
    def metric(self) -> Metric:
        return metrics.metric(self.kind, self.work.spec.primary_metric)

    @property
    def sign(self) -> float:
        return 1.0 if self.metric.direction == MAXIMIZE else -1.0

    def value(self, outcome: Outcome) -> float:
        return float(self.metric.function(outcome))

    def frame(self, rows: Array) -> pd.DataFrame:
        return self.work.frame[self.work.features].iloc[rows]

    def train(self, recipe: Recipe, rows: Array) -> Pipeline:
        """A pipeline of that recipe, fitted on these rows."""
        work = replace(self.work, recipe=recipe, warnings=[], seconds={})
        pipeline = pipelines.build(self.kind, recipe)
        fit_adjusted(work, pipeline, rows)
        return pipeline

    def outcome(self, pipeline: Pipeline, rows: Array, earlier: Array) -> Outcome:
        """What it predicts for these rows; `earlier` ones come along where steps look back."""
        with training_steps.lenient(pipeline):
            return outcome_of(
                self.work, pipeline, self.frame(rows), self.work.target[rows], self.frame(earlier)
            )

    def matrix(self, pipeline: Pipeline, rows: Array, earlier: Array | None = None) -> Array:
        """What the estimator of a fitted pipeline is handed for these rows."""
        frame, n_before = self.frame(rows), 0
        if earlier is not None and training_steps.looks_back(pipeline):
            frame, n_before = pd.concat([self.frame(earlier), frame]), len(earlier)
        with training_steps.lenient(pipeline):
            return np.asarray(pipeline[:-1].transform(frame))[n_before:]

    def told(self, truth: Array, values: Array) -> Outcome:
        """The outcome of probabilities (rows × classes) or numbers for rows of these truths."""
        if not self.work.classes:
            return Outcome(truth, values.reshape(len(truth)))
        numbers = metrics.class_numbers(truth, self.work.classes)
        return Outcome(numbers, values.argmax(axis=1), values, len(self.work.classes))
