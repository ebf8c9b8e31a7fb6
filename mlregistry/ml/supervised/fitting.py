"""Fits pipelines on rows of a prepared table and measures their predictions. Called by training and trials."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.pipeline import Pipeline

from mlregistry.errors import Invalid
from mlregistry.ml import adjusting, metrics, splits, training_steps
from mlregistry.ml.estimators import CATALOGUE
from mlregistry.ml.metrics import Outcome
from mlregistry.ml.supervised.table import Work

Array = npt.NDArray[Any]


def fit(work: Work, pipeline: Pipeline, rows: Array) -> None:
    """Fit on these rows, less those that the recipe leaves out of training."""
    title = CATALOGUE[work.spec.kind][work.recipe.estimator].title
    table = work.frame[[*work.features, work.spec.target]]
    rows = training_steps.without_gaps(work.recipe.all_steps, table, work.spec.target, rows)
    if len(np.unique(work.target[rows])) < 2:
        raise Invalid("Hardly a training row is left without gaps; fill some of them instead.", field="steps")
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        matrix = training_steps.fit_features(
            pipeline, work.frame[work.features].iloc[rows], work.target[rows]
        )
        try:
            pipeline.steps[-1][1].fit(matrix, work.target[rows])
        except (ValueError, FloatingPointError, np.linalg.LinAlgError) as error:
            message = (
                str(error).strip().splitlines()[0] if str(error).strip() else "the numbers do not allow it"
            )
            raise Invalid(f"{title} could not be trained: {message}", field="estimator") from error
    for warning in caught:
        if issubclass(warning.category, UserWarning | RuntimeWarning):
            work.warnings.append(f"{title}: {' '.join(str(warning.message).split())[:200]}")


def outcome_of(
    work: Work, pipeline: Pipeline, frame: pd.DataFrame, target: Array, before: pd.DataFrame | None = None
) -> Outcome:
    """The predictions for `frame`; rows `before` it come along where steps look back."""
    n_before = 0
    if before is not None and training_steps.looks_back(pipeline):
        frame, n_before = pd.concat([before, frame]), len(before)
    last = pipeline.steps[-1][1]
    if hasattr(last, "predict_quantiles"):
        found = last.predict_quantiles(pipeline[:-1].transform(frame))[n_before:]
        middle, levels = found[:, found.shape[1] // 2], tuple(float(level) for level in last.levels_)
        return Outcome(target, middle, quantiles=found, levels=levels)
    if not work.classes:
        return Outcome(target, np.asarray(pipeline.predict(frame), dtype=np.float64)[n_before:])
    places = metrics.class_numbers(np.asarray(pipeline.classes_), work.classes)
    probabilities = np.zeros((len(frame) - n_before, len(work.classes)))
    probabilities[:, places] = pipeline.predict_proba(frame)[n_before:]
    truth = metrics.class_numbers(target, work.classes)
    predicted = adjusting.decided(probabilities, adjusting.threshold_of(last))
    return Outcome(truth, predicted, probabilities, len(work.classes))


def measure_parts(work: Work, pipeline: Pipeline, parts: splits.Parts) -> tuple[dict[str, float], Outcome]:
    """The metrics of each part under its name, such as test_rmse, and the predictions for the test rows."""
    measured: dict[str, float] = {}
    frame = work.frame[work.features]
    for name, rows in (("train", parts.train), ("validation", parts.validation), ("test", parts.test)):
        if len(rows):
            before = None if name == "train" else frame.iloc[parts.train]
            outcome = outcome_of(work, pipeline, frame.iloc[rows], work.target[rows], before)
            values = metrics.measure(work.spec.kind, outcome)
            measured |= {f"{name}_{metric}": value for metric, value in values.items()}
    return measured, outcome
