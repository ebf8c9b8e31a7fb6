"""From a fitted pipeline to everything a training leaves behind, measured on the same test rows. Called by the job."""

from __future__ import annotations

import time
from typing import Any

import numpy.typing as npt
import pandas as pd
from sklearn.pipeline import Pipeline

from mlregistry.ml import adjusting
from mlregistry.ml import training as ml_training
from mlregistry.ml.optimising.subject import Made
from mlregistry.ml.problems import ProblemSpec
from mlregistry.ml.recipes import Recipe
from mlregistry.ml.supervised.carrying import Carrier, Metrics
from mlregistry.ml.supervised.table import Report, Work
from mlregistry.ml.training_result import TrainingResult, nobody

Array = npt.NDArray[Any]
MOST_SECONDS = 30.0  # for intervals and drawings of one candidate


class Fitted(Carrier):
    """Carries a pipeline that is fitted already; folds would fit what was never fitted so."""

    def __init__(self, pipeline: Pipeline) -> None:
        super().__init__(leave_by=time.monotonic() + MOST_SECONDS)
        self.pipeline = pipeline

    def fit(self, work: Work, pipeline: Pipeline, rows: Array) -> None:
        pipeline.steps = list(self.pipeline.steps)

    def folds(self, work: Work, pipeline: Pipeline, rows: Array) -> list[Metrics]:
        return []


def finished(
    spec: ProblemSpec, recipe: Recipe, frame: pd.DataFrame, pipeline: Pipeline, report: Report
) -> TrainingResult:
    """What a training by this recipe would leave, had it come to this pipeline."""
    return ml_training.train(spec, recipe, frame, report, nobody, Fitted(pipeline))


def of_made(
    spec: ProblemSpec, original: Recipe, frame: pd.DataFrame, made: Made, report: Report
) -> TrainingResult:
    """By the candidate's own recipe, or by the original's, which says how the rows were parted and prepared."""
    found = finished(spec, made.recipe or original, frame, made.pipeline, report)
    threshold = adjusting.threshold_of(made.pipeline.steps[-1][1])
    if threshold is not None and not found.evaluation.get("adjusted"):
        found.evaluation["adjusted"] = {
            "calibration": original.calibration, "threshold": threshold, "chosen_for": "expected cost",
        }  # fmt: skip
    return found
