"""How a script trains a classification or regression; the writer keeps of each `if` the branch that the run took."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.base import clone
from sklearn.pipeline import Pipeline

from mlregistry.ml import adjusting, gaps, metrics, splits, targets, training_steps
from mlregistry.ml.metrics import Outcome
from mlregistry.ml.recipes import Split
from mlregistry.ml.steps import rows as row_steps

Array = npt.NDArray[Any]
KIND = "classification"
TARGET = ""
FEATURES: list[str] = []
SEED = 0
SPLIT: dict[str, Any] = {}
FOLDS, REPEATS = 0, 1
REPEATED_IN: list[Any] = []
GAPS_IN: list[tuple[Any, str]] = []
CALIBRATION, CHOSEN_FOR = "none", ""
IS_CLASSIFICATION = HAS_QUANTILES = HAS_FOLDS = IS_ADJUSTED = IS_CALIBRATED = IS_TUNED = False
LOOKS_BACK = DROPS_REPEATS = DROPS_GAPS = HAS_VALIDATION = BY_GROUP = False


def train(table: pd.DataFrame) -> dict[str, float]:
    """Split, fit, measure: the metrics of the run under its names."""
    table = table[table[TARGET].notna()].reset_index(drop=True)
    target, classes = targets.read(table[TARGET], KIND)
    plan = Split(**SPLIT)
    order, groups = training_steps.order_of(table, plan), training_steps.groups_of(table, plan)
    parts = splits.split(target, plan, classes=bool(classes), seed=SEED, order=order, groups=groups)
    training = parts.train
    if DROPS_REPEATS:
        training = without_repeated(table, training)
    pipeline = make_pipeline()
    fit_all(pipeline, table, target, classes, training)
    found = measure_parts(pipeline, table, target, classes, training, parts)
    if HAS_FOLDS:
        found |= cross_validate(pipeline, table, target, classes, training)
    return found


def make_pipeline() -> Pipeline:
    """Every script has its own."""
    raise NotImplementedError


def without_repeated(table: pd.DataFrame, rows: Array) -> Array:
    """The training rows without those that are alike."""
    table = table[[*FEATURES, TARGET]]
    for columns in REPEATED_IN:
        rows = rows[row_steps.without_duplicates(table.iloc[rows], TARGET, columns)]
    return rows


def without_gaps(table: pd.DataFrame, rows: Array) -> Array:
    """The training rows without those that have gaps in these columns."""
    table = table[[*FEATURES, TARGET]]
    for columns, which in GAPS_IN:
        rows = rows[row_steps.without_gaps(table.iloc[rows], TARGET, columns, which)]
    return rows


def fit(pipeline: Pipeline, table: pd.DataFrame, target: Array, rows: Array) -> None:
    if DROPS_GAPS:
        rows = without_gaps(table, rows)
    pipeline.fit(table[FEATURES].iloc[rows], target[rows])


def fit_all(pipeline: Pipeline, table: pd.DataFrame, target: Array, classes: list[Any], rows: Array) -> None:
    """Fit, and adjust the probabilities where the recipe asks."""
    fit(pipeline, table, target, rows)
    if IS_ADJUSTED:
        truth, probabilities = out_of_fold(pipeline, table, target, classes, rows)
        classifier = pipeline.steps[-1][1]
        if IS_CALIBRATED:
            classifier.calibrators_ = adjusting.fit_calibrators(CALIBRATION, truth, probabilities)
            probabilities = adjusting.calibrated(probabilities, classifier.calibrators_)
        if IS_TUNED:
            classifier.threshold_ = adjusting.best_threshold(truth, probabilities[:, 1], CHOSEN_FOR)


def out_of_fold(
    pipeline: Pipeline, table: pd.DataFrame, target: Array, classes: list[Any], rows: Array
) -> tuple[Array, Array]:
    """True classes and probabilities of the training rows, by copies that were not fitted on them."""
    n_folds = max(2, min(5, int(np.unique(target[rows], return_counts=True)[1].min())))
    if BY_GROUP:
        n_folds = min(n_folds, len(table[SPLIT["group"]].iloc[rows].unique()))
    truth: list[Array] = []
    probabilities: list[Array] = []
    for inside, outside in folds(table, target, classes, rows, n_folds, 1, SEED + 1):
        copy = clone(pipeline)
        fit(copy, table, target, inside)
        found = outcome_of(copy, table, target, classes, outside, inside)
        truth.append(found.truth)
        probabilities.append(np.asarray(found.probabilities))
    return np.concatenate(truth), np.concatenate(probabilities)


def folds(
    table: pd.DataFrame,
    target: Array,
    classes: list[Any],
    rows: Array,
    n_folds: int,
    repeats: int,
    seed: int,
) -> Iterator[tuple[Array, Array]]:
    """(fitted, held-out) rows of each fold of these rows."""
    plan = Split(**SPLIT)
    order, groups = training_steps.order_of(table, plan), training_steps.groups_of(table, plan)
    partition = splits.folds(
        target[rows],
        n_folds,
        classes=bool(classes),
        seed=seed,
        order=None if order is None else order[rows],
        groups=None if groups is None else groups[rows],
        gap=gaps.parse(plan.gap),
        repeats=repeats,
    )
    for inside, outside in partition:
        yield rows[inside], rows[outside]


def outcome_of(
    pipeline: Pipeline, table: pd.DataFrame, target: Array, classes: list[Any], rows: Array, earlier: Array
) -> Outcome:
    """The predictions for these rows; those `earlier` come along where steps look back."""
    frame = table[FEATURES].iloc[rows]
    if LOOKS_BACK:
        n_before = len(earlier)
        if n_before:
            frame = pd.concat([table[FEATURES].iloc[earlier], frame])
        with training_steps.lenient(pipeline):
            return predicted(pipeline, frame, target[rows], classes, n_before)
    else:
        return predicted(pipeline, frame, target[rows], classes, 0)


def predicted(
    pipeline: Pipeline, frame: pd.DataFrame, target: Array, classes: list[Any], n_before: int
) -> Outcome:
    if IS_CLASSIFICATION:
        places = metrics.class_numbers(np.asarray(pipeline.classes_), classes)
        probabilities = np.zeros((len(frame) - n_before, len(classes)))
        probabilities[:, places] = pipeline.predict_proba(frame)[n_before:]
        decided = adjusting.decided(probabilities, adjusting.threshold_of(pipeline.steps[-1][1]))
        return Outcome(metrics.class_numbers(target, classes), decided, probabilities, len(classes))
    else:
        if HAS_QUANTILES:
            regressor = pipeline.steps[-1][1]
            found = regressor.predict_quantiles(pipeline[:-1].transform(frame))[n_before:]
            levels = tuple(float(level) for level in regressor.levels_)
            return Outcome(target, found[:, found.shape[1] // 2], quantiles=found, levels=levels)
        else:
            return Outcome(target, np.asarray(pipeline.predict(frame), dtype=np.float64)[n_before:])


def measure_parts(
    pipeline: Pipeline,
    table: pd.DataFrame,
    target: Array,
    classes: list[Any],
    training: Array,
    parts: splits.Parts,
) -> dict[str, float]:
    found: dict[str, float] = {}
    for name, rows in (("train", training), ("validation", parts.validation), ("test", parts.test)):
        if len(rows):
            earlier = rows[:0] if name == "train" else training
            values = measure(outcome_of(pipeline, table, target, classes, rows, earlier))
            found |= {f"{name}_{metric}": value for metric, value in values.items()}
    return found


def cross_validate(
    pipeline: Pipeline, table: pd.DataFrame, target: Array, classes: list[Any], training: Array
) -> dict[str, float]:
    """Mean and deviation over the folds of the training rows."""
    by_fold = []
    for inside, outside in folds(table, target, classes, training, FOLDS, REPEATS, SEED):
        copy = clone(pipeline)
        fit_all(copy, table, target, classes, inside)
        by_fold.append(measure(outcome_of(copy, table, target, classes, outside, inside)))
    names = dict.fromkeys(name for measured in by_fold for name in measured)
    columns = {name: [measured[name] for measured in by_fold if name in measured] for name in names}
    averages = {f"cv_{name}_mean": float(np.mean(values)) for name, values in columns.items()}
    return averages | {f"cv_{name}_std": float(np.std(values)) for name, values in columns.items()}


def measure(outcome: Outcome) -> dict[str, float]:
    """Every metric that is defined on these rows."""
    if IS_CLASSIFICATION:
        table = metrics.CLASSIFICATION
    else:
        table = metrics.REGRESSION
    values = {name: float(metric.function(outcome)) for name, metric in table.items()}
    return {name: value for name, value in values.items() if math.isfinite(value)}
