"""Calibrates a fitted pipeline and chooses its threshold on predictions for rows that its copies were not fitted on.

Called by training and by each fold of a cross-validation, which is then nested.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.base import clone
from sklearn.pipeline import Pipeline

from mlregistry.errors import Invalid
from mlregistry.ml import adjusting, metrics, training_steps
from mlregistry.ml.supervised.fitting import fit, outcome_of
from mlregistry.ml.supervised.folding import folds
from mlregistry.ml.supervised.table import Work

Array = npt.NDArray[Any]
INNER_FOLDS = 5
CHOSEN_FOR = {
    "accuracy": "accuracy", "balanced_accuracy": "balanced_accuracy", "f1": "f1", "mcc": "mcc",
    "precision": "f1", "recall": "f1",
}  # fmt: skip
"""Precision or recall alone would be best with hardly a row on one side; scores of rankings know no threshold."""


def fit_adjusted(work: Work, pipeline: Pipeline, rows: Array) -> None:
    """Fit on these rows; where the recipe asks, calibrate and choose the threshold by cross-fitting within them."""
    fit(work, pipeline, rows)
    recipe = work.recipe
    if not recipe.adjusted:
        return
    if recipe.threshold == "tuned" and len(work.classes) != 2:
        raise Invalid(
            f"A tuned threshold is for two classes; the target has {len(work.classes)}.", field="threshold"
        )
    truth, probabilities = out_of_fold(work, pipeline, rows)
    last = pipeline.steps[-1][1]
    if len(last.classes_) != len(work.classes):
        raise Invalid("A class has no training row, so nothing can be calibrated.", field="calibration")
    if recipe.calibration != "none":
        last.calibrators_ = adjusting.fit_calibrators(recipe.calibration, truth, probabilities)
        probabilities = adjusting.calibrated(probabilities, last.calibrators_)
    if recipe.threshold == "tuned":
        last.threshold_ = adjusting.best_threshold(truth, probabilities[:, 1], chosen_for(work))


def chosen_for(work: Work) -> str:
    """The metric that the threshold is chosen for: the primary one where a threshold makes sense for it."""
    return CHOSEN_FOR.get(work.spec.primary_metric, "balanced_accuracy")


def facts(work: Work, pipeline: Pipeline) -> dict[str, Any]:
    """What was adjusted, to keep with the run."""
    if not work.recipe.adjusted:
        return {}
    found: dict[str, Any] = {"calibration": work.recipe.calibration}
    threshold = adjusting.threshold_of(pipeline.steps[-1][1])
    if threshold is not None:
        found |= {
            "threshold": threshold,
            "chosen_for": metrics.metric(work.spec.kind, chosen_for(work)).title,
        }
    return found


def out_of_fold(work: Work, pipeline: Pipeline, rows: Array) -> tuple[Array, Array]:
    """Class numbers and probabilities of the rows that some inner fold held out."""
    smallest = int(np.unique(work.target[rows], return_counts=True)[1].min())
    n_folds = max(2, min(INNER_FOLDS, smallest))
    if work.recipe.split.group:
        n_folds = min(n_folds, len(work.frame[work.recipe.split.group].iloc[rows].unique()))
    outcomes = []
    frame = work.frame[work.features]
    for inside, outside in folds(work, rows, n_folds=n_folds, repeats=1, seed=work.recipe.seed + 1):
        fold = clone(pipeline)
        fit(work, fold, inside)
        with training_steps.lenient(fold):
            outcomes.append(
                outcome_of(work, fold, frame.iloc[outside], work.target[outside], frame.iloc[inside])
            )
    probabilities = [one.probabilities for one in outcomes if one.probabilities is not None]
    return np.concatenate([one.truth for one in outcomes]), np.concatenate(probabilities)
