"""Trains one estimator by a recipe and measures it: splits, fits, scores, curves, signature.

Called by training jobs.
"""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.base import clone
from sklearn.pipeline import Pipeline

from mlregistry.errors import Invalid
from mlregistry.ml import curves, metrics, pipelines, signature, splits, targets, training_steps
from mlregistry.ml.estimators import CATALOGUE
from mlregistry.ml.metrics import MAXIMIZE, Outcome
from mlregistry.ml.problems import MIN_ROWS, ProblemSpec, validate
from mlregistry.ml.recipes import Recipe, check_estimator
from mlregistry.ml.signature import Signature

Array = npt.NDArray[Any]
Report = Callable[[float, str], None]
N_EXAMPLE_ROWS = 5


@dataclass(frozen=True)
class TrainingResult:
    """The fitted pipeline (of the training rows) with everything a run records about it."""

    pipeline: Pipeline
    metrics: dict[str, float]
    curves: dict[str, dict[str, Any]]
    signature: Signature
    n_rows: dict[str, int]
    input_example: list[dict[str, Any]]
    warnings: list[str]
    seconds: dict[str, float]


@dataclass
class _Work:
    """What the steps hand on to each other."""

    spec: ProblemSpec
    recipe: Recipe
    report: Report
    frame: pd.DataFrame
    target: Array
    classes: list[Any]
    features: list[str]
    n_rows: dict[str, int]
    warnings: list[str] = field(default_factory=list)
    seconds: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def timed(self, step: str) -> Iterator[None]:
        start = time.perf_counter()
        yield
        self.seconds[step] = round(time.perf_counter() - start, 6)


def train(spec: ProblemSpec, recipe: Recipe, frame: pd.DataFrame, report: Report) -> TrainingResult:
    """Train on `frame` (raw columns); the same spec, recipe and frame give the same result.

    Raises Invalid naming the column or field for data or recipes that cannot be trained.
    """
    start = time.perf_counter()
    report(0.0, "Checking the table")
    work = _prepare(spec, recipe, frame, report)
    with work.timed("prepare"):
        parts, pipeline = _arrange(work)
    report(0.1, f"Fitting {work.recipe.estimator} on {len(parts.train):,} rows")
    with work.timed("fit"):
        _fit(work, pipeline, parts.train)
        used = training_steps.settle(pipeline, work.warnings)
    report(0.5, "Measuring")
    with work.timed("evaluate"), training_steps.lenient(pipeline):
        measured, outcome = _measure_parts(work, pipeline, parts)
    with work.timed("cross_validation"):
        measured |= _cross_validate(work, pipeline, parts.train)
    report(0.85, "Drawing curves")
    with work.timed("curves"), training_steps.lenient(pipeline):
        drawn = _draw(work, pipeline, used, outcome, parts)
    examples = training_steps.example_rows(pipeline, work.frame[used], parts.test, N_EXAMPLE_ROWS)
    work.seconds["total"] = round(time.perf_counter() - start, 6)
    report(1.0, "Finished")
    return TrainingResult(
        pipeline=pipeline,
        metrics=measured,
        curves=drawn,
        signature=_signature(work, work.frame[used]),
        n_rows=work.n_rows,
        input_example=[
            {str(k): signature.plain(v) for k, v in row.items()} for row in examples.to_dict("records")
        ],
        warnings=list(dict.fromkeys(work.warnings)),
        seconds=work.seconds,
    )


def _prepare(spec: ProblemSpec, recipe: Recipe, frame: pd.DataFrame, report: Report) -> _Work:
    spec = validate(spec)
    if spec.kind not in CATALOGUE:
        raise Invalid(f"Training is for {' and '.join(CATALOGUE)}.", field="kind")
    recipe = check_estimator(recipe, spec.kind)
    _check_columns(spec, frame)
    total = len(frame)
    frame = frame[frame[spec.target].notna()].reset_index(drop=True)
    if len(frame) < MIN_ROWS:
        raise Invalid(
            f"{len(frame)} rows have the target '{spec.target}'; at least {MIN_ROWS} are needed.",
            field=spec.target,
        )
    target, classes = targets.read(frame[spec.target], spec.kind)
    n_rows = {"total": total, "without_target": total - len(frame)}
    features = spec.feature_names([str(name) for name in frame.columns])
    work = _Work(spec, recipe, report, frame, target, classes, features, n_rows)
    if total > len(frame):
        work.warnings.append(f"{total - len(frame):,} rows without target '{spec.target}' were left out.")
    return work


def _check_columns(spec: ProblemSpec, frame: pd.DataFrame) -> None:
    names = [str(name) for name in frame.columns]
    for name in [spec.target, *spec.feature_names(names)]:
        if name not in names:
            raise Invalid(f"The table has no column '{name}'.", field=name)
        column = frame[name]
        if pd.api.types.is_float_dtype(column) and bool(
            np.isinf(column.to_numpy(np.float64, na_value=np.nan)).any()
        ):
            raise Invalid(f"Column '{name}' holds infinite values; remove or replace them.", field=name)
    if not spec.feature_names(names):
        raise Invalid("The table has no feature column besides the target.", field="features")


def _arrange(work: _Work) -> tuple[splits.Parts, Pipeline]:
    recipe, target = work.recipe, work.spec.target
    order = training_steps.order_of(work.frame, recipe.split)
    parts = splits.split(work.target, recipe.split, classes=bool(work.classes), seed=recipe.seed, order=order)
    table = work.frame[[*work.features, target]]
    kept = training_steps.without_duplicates(recipe.all_steps, table, target, parts.train)
    work.n_rows["duplicates"] = len(parts.train) - len(kept)
    if work.n_rows["duplicates"]:
        work.warnings.append(f"{work.n_rows['duplicates']:,} duplicate training rows were left out.")
    parts = splits.Parts(kept, parts.validation, parts.test)
    if len(np.unique(work.target[parts.train])) < 2:
        raise Invalid(f"The target '{target}' is constant in the training rows.", field=target)
    fitted = training_steps.without_gaps(recipe.all_steps, table, target, parts.train)
    if len(fitted) < len(parts.train):
        work.n_rows["left_out_for_gaps"] = len(parts.train) - len(fitted)
        work.warnings.append(f"{work.n_rows['left_out_for_gaps']:,} training rows with gaps were left out.")
    work.n_rows |= {"train": len(parts.train), "validation": len(parts.validation), "test": len(parts.test)}
    return parts, pipelines.build(work.spec.kind, recipe)


def _fit(work: _Work, pipeline: Pipeline, rows: Array) -> None:
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


def _outcome(
    work: _Work, pipeline: Pipeline, frame: pd.DataFrame, target: Array, before: pd.DataFrame | None = None
) -> Outcome:
    """The predictions for `frame`; rows `before` it come along where steps look back."""
    n_before = 0
    if before is not None and training_steps.looks_back(pipeline):
        frame, n_before = pd.concat([before, frame]), len(before)
    if not work.classes:
        return Outcome(target, np.asarray(pipeline.predict(frame), dtype=np.float64)[n_before:])
    places = metrics.class_numbers(np.asarray(pipeline.classes_), work.classes)
    probabilities = np.zeros((len(frame) - n_before, len(work.classes)))
    probabilities[:, places] = pipeline.predict_proba(frame)[n_before:]
    truth = metrics.class_numbers(target, work.classes)
    return Outcome(truth, probabilities.argmax(axis=1), probabilities, len(work.classes))


def _measure_parts(work: _Work, pipeline: Pipeline, parts: splits.Parts) -> tuple[dict[str, float], Outcome]:
    measured: dict[str, float] = {}
    frame = work.frame[work.features]
    for name, rows in (("train", parts.train), ("validation", parts.validation), ("test", parts.test)):
        if len(rows):
            before = None if name == "train" else frame.iloc[parts.train]
            outcome = _outcome(work, pipeline, frame.iloc[rows], work.target[rows], before)
            values = metrics.measure(work.spec.kind, outcome)
            measured |= {f"{name}_{metric}": value for metric, value in values.items()}
    return measured, outcome


def _cross_validate(work: _Work, pipeline: Pipeline, rows: Array) -> dict[str, float]:
    n_folds, recipe, frame = work.recipe.folds, work.recipe, work.frame[work.features]
    if not n_folds:
        return {}
    found: dict[str, list[float]] = {}
    order = training_steps.order_of(work.frame.iloc[rows], recipe.split)
    partition = splits.folds(
        work.target[rows], n_folds, classes=bool(work.classes), seed=recipe.seed, order=order
    )
    for number, (inside, outside) in enumerate(partition):
        work.report(0.55 + 0.3 * number / n_folds, f"Cross-validation, fold {number + 1} of {n_folds}")
        fold = clone(pipeline)
        _fit(work, fold, rows[inside])
        with training_steps.lenient(fold):
            earlier = frame.iloc[rows[inside]]
            outcome = _outcome(work, fold, frame.iloc[rows[outside]], work.target[rows[outside]], earlier)
        for name, value in metrics.measure(work.spec.kind, outcome).items():
            found.setdefault(name, []).append(value)
    means = {f"cv_{name}_mean": float(np.mean(values)) for name, values in found.items()}
    return means | {f"cv_{name}_std": float(np.std(values)) for name, values in found.items()}


def _draw(
    work: _Work, pipeline: Pipeline, used: list[str], outcome: Outcome, parts: splits.Parts
) -> dict[str, dict[str, Any]]:
    rows, frame, earlier = parts.test, work.frame[used].iloc[parts.test], work.frame[used].iloc[parts.train]
    drawn = curves.classification(outcome, work.classes) if work.classes else curves.regression(outcome)
    chosen = metrics.metric(work.spec.kind, work.spec.primary_metric)
    targets_by_row = pd.Series(list(work.target[rows]), index=frame.index)

    def scores(pieces: list[pd.DataFrame]) -> list[float]:
        truth = np.array(targets_by_row.loc[pieces[0].index].tolist() * len(pieces))
        if training_steps.looks_back(pipeline):
            one = truth[: len(pieces[0])]
            return [float(chosen.function(_outcome(work, pipeline, piece, one, earlier))) for piece in pieces]
        outcome = _outcome(work, pipeline, pd.concat(pieces), truth)
        return [float(chosen.function(outcome.part(i, len(pieces)))) for i in range(len(pieces))]

    gain = 1.0 if chosen.direction == MAXIMIZE else -1.0
    drawn["importance"] = curves.importance(
        scores, frame, gain=gain, metric=chosen.title, seed=work.recipe.seed
    )
    return drawn


def _signature(work: _Work, frame: pd.DataFrame) -> Signature:
    output = targets.class_type(work.classes) if work.classes else "float"
    return signature.infer(frame, target=work.spec.target, output_type=output, classes=work.classes)
