"""Cross-validation of a pipeline on rows of a prepared table. Called by training and trials."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.base import clone
from sklearn.pipeline import Pipeline

from mlregistry.ml import metrics, training_steps
from mlregistry.ml.metrics import Outcome
from mlregistry.ml.supervised.adjusting import fit_adjusted
from mlregistry.ml.supervised.fitting import outcome_of
from mlregistry.ml.supervised.folding import folds
from mlregistry.ml.supervised.table import Work

Array = npt.NDArray[Any]


def cross_validate(
    work: Work, pipeline: Pipeline, rows: Array, *, first: int = 0
) -> Iterator[dict[str, float]]:
    """The metrics of each of the recipe's folds of these rows from `first` on, by unfitted copies of the pipeline."""
    for _, outcome in cross_predict(work, pipeline, rows, first=first):
        yield metrics.measure(work.spec.kind, outcome)


def cross_predict(
    work: Work, pipeline: Pipeline, rows: Array, *, first: int = 0
) -> Iterator[tuple[Array, Outcome]]:
    """The rows that each fold holds out, and what a copy of the pipeline fitted on the others predicts for them."""
    for inside, outside in islice(folds(work, rows), first, None):
        yield outside, predict_fold(work, pipeline, inside, outside)


def measure_fold(work: Work, pipeline: Pipeline, inside: Array, outside: Array) -> dict[str, float]:
    """The metrics on the rows outside of a copy fitted on those inside."""
    return metrics.measure(work.spec.kind, predict_fold(work, pipeline, inside, outside))


def predict_fold(work: Work, pipeline: Pipeline, inside: Array, outside: Array) -> Outcome:
    """What a copy fitted on the rows inside predicts for those outside."""
    frame = work.frame[work.features]
    fold = clone(pipeline)
    fit_adjusted(work, fold, inside)
    with training_steps.lenient(fold):
        earlier = frame.iloc[inside]
        return outcome_of(work, fold, frame.iloc[outside], work.target[outside], earlier)


def means(found: Sequence[dict[str, float]]) -> dict[str, float]:
    """Mean and deviation over the folds of each metric, as cv_rmse_mean and cv_rmse_std."""
    names = dict.fromkeys(name for measured in found for name in measured)
    columns = {name: [measured[name] for measured in found if name in measured] for name in names}
    averages = {f"cv_{name}_mean": float(np.mean(values)) for name, values in columns.items()}
    return averages | {f"cv_{name}_std": float(np.std(values)) for name, values in columns.items()}
