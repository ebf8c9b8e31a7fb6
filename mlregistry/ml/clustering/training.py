"""One whole clustering: columns prepared, rows parted, fitted, measured, profiled. Called by ml.training."""

from __future__ import annotations

import time
import warnings
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import threadpoolctl
from sklearn.base import clone
from sklearn.pipeline import Pipeline

from mlregistry.errors import Invalid
from mlregistry.ml import metrics, pipelines, signature, splits, training_steps
from mlregistry.ml.clustering import profiles
from mlregistry.ml.clustering.metrics import Clusters
from mlregistry.ml.clustering.stability import stability
from mlregistry.ml.problems import MIN_ROWS, ProblemSpec, validate
from mlregistry.ml.recipes import Recipe, check_estimator
from mlregistry.ml.training_result import Told, TrainingResult, nobody

Array = npt.NDArray[Any]
N_EXAMPLE_ROWS = 5
NO_TARGET = "\x00no target"


def train(
    spec: ProblemSpec, recipe: Recipe, frame: pd.DataFrame, report: Any, tell: Told = nobody
) -> TrainingResult:
    """Cluster `frame` (raw columns); the same spec, recipe and frame give the same result.

    One thread, because sums in several end in differing last digits. Raises Invalid naming the column or field
    for data or recipes that cannot be trained.
    """
    with threadpoolctl.threadpool_limits(1):
        return _train(spec, recipe, frame, report, tell)


def _train(spec: ProblemSpec, recipe: Recipe, frame: pd.DataFrame, report: Any, tell: Told) -> TrainingResult:
    start = time.perf_counter()
    spec, recipe = validate(spec), check_estimator(recipe, spec.kind)
    told: list[str] = []
    report(0.0, "Checking the table")
    features, known = columns(spec, frame)
    frame = frame.reset_index(drop=True)
    parts = part(recipe, frame, features)
    pipeline = pipelines.build(spec.kind, recipe)
    prepared = time.perf_counter()
    report(0.1, f"Fitting {recipe.estimator} on {len(parts.train):,} rows")
    matrix = fit(pipeline, frame[features].iloc[parts.train], told)
    used = training_steps.settle(pipeline, told)
    fitted = time.perf_counter()
    estimator = pipeline.steps[-1][1]
    report(0.5, "Clustering resampled rows")
    steady = stability(decided(estimator), matrix, recipe.seed)
    report(0.8, "Measuring")
    measured = _measure(spec, pipeline, frame[used], known, parts, recipe.seed, steady)
    tell(measured, "")
    drawn = {
        **estimator.choice_,
        **profiles.draw(frame[features].iloc[parts.train], matrix, estimator.labels_, recipe.seed),
    }
    n_clusters = len(np.unique(estimator.labels_[estimator.labels_ >= 0]))
    if n_clusters == 1:
        told.append("All rows are in one cluster, so most measures are not defined.")
    examples = frame[used].iloc[parts.test[:N_EXAMPLE_ROWS]].to_dict("records")
    end = time.perf_counter()
    report(1.0, "Finished")
    return TrainingResult(
        pipeline=pipeline,
        metrics=measured,
        curves=drawn,
        signature=signature.infer(frame[used], target="cluster", output_type=signature.CLUSTER),
        n_rows={
            "total": len(frame), "train": len(parts.train), "test": len(parts.test), "clusters": n_clusters,
            "noise": int((estimator.labels_ < 0).sum()),
        },
        input_example=[{str(key): signature.plain(value) for key, value in row.items()} for row in examples],
        warnings=list(dict.fromkeys(told)),
        seconds={
            "prepare": round(prepared - start, 6), "fit": round(fitted - prepared, 6),
            "total": round(end - start, 6),
        },
        split_digest=splits.digest(parts.train, parts.validation, parts.test),
    )  # fmt: skip


def columns(spec: ProblemSpec, frame: pd.DataFrame) -> tuple[list[str], Array | None]:
    """The features, and the known groups as numbers; the groups are never a feature."""
    names = [str(name) for name in frame.columns]
    features = spec.feature_names(names)
    for name in [*features, *([spec.target] if spec.target else [])]:
        if name not in names:
            raise Invalid(f"The table has no column '{name}'.", field=name)
        if pd.api.types.is_float_dtype(frame[name]) and bool(
            np.isinf(frame[name].to_numpy(np.float64)).any()
        ):
            raise Invalid(f"Column '{name}' holds infinite values; remove or replace them.", field=name)
    if not features:
        raise Invalid("The table has no feature column.", field="features")
    if len(frame) < MIN_ROWS:
        raise Invalid(f"The table has {len(frame)} rows; at least {MIN_ROWS} are needed.")
    return features, pd.factorize(frame[spec.target])[0] if spec.target else None


def part(recipe: Recipe, frame: pd.DataFrame, features: list[str]) -> splits.Parts:
    """The parts of the recipe's split; the training rows less those that its steps leave out."""
    order = training_steps.order_of(frame, recipe.split)
    nothing = np.zeros(len(frame))
    parts = splits.split(nothing, recipe.split, classes=False, seed=recipe.seed, order=order)
    table = frame[features].assign(**{NO_TARGET: 0})
    kept = training_steps.without_duplicates(recipe.all_steps, table, NO_TARGET, parts.train)
    kept = training_steps.without_gaps(recipe.all_steps, table, NO_TARGET, kept)
    if len(kept) < 2:
        raise Invalid(
            "The training rows are all alike or have gaps: fewer than 2 are left after the steps on rows.",
            field="steps",
        )
    return splits.Parts(kept, parts.validation, parts.test)


def fit(pipeline: Pipeline, frame: pd.DataFrame, told: list[str]) -> Array:
    """Fit all of it; returns the rows as the estimator saw them."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        matrix = np.asarray(training_steps.fit_features(pipeline, frame, None))
        try:
            pipeline.steps[-1][1].fit(matrix)
        except (ValueError, FloatingPointError, np.linalg.LinAlgError) as error:
            message = (str(error).strip().splitlines() or ["the numbers do not allow it"])[0]
            raise Invalid(f"The rows could not be clustered: {message}", field="estimator") from error
    told += [
        " ".join(str(one.message).split())[:200] for one in caught if issubclass(one.category, UserWarning)
    ]
    return matrix


def decided(estimator: Any) -> Any:
    """The same with what it chose for itself, so that resampling shakes the clusters and not the choice."""
    chosen = {"n_clusters": "k_", "eps": "eps_"}
    values = {name: getattr(estimator, mark) for name, mark in chosen.items() if hasattr(estimator, mark)}
    return clone(estimator).set_params(**values)


def _measure(
    spec: ProblemSpec,
    pipeline: Pipeline,
    frame: pd.DataFrame,
    known: Array | None,
    parts: splits.Parts,
    seed: int,
    steady: float,
) -> dict[str, float]:
    measured: dict[str, float] = {}
    for name, rows in (("train", parts.train), ("validation", parts.validation), ("test", parts.test)):
        if not len(rows):
            continue
        matrix = np.asarray(pipeline[:-1].transform(frame.iloc[rows]))
        labels = pipeline.steps[-1][1].predict(matrix)
        groups = None if known is None else known[rows]
        found = Clusters(matrix, labels, groups, steady, seed)
        values = metrics.measure(spec.kind, found)
        measured |= {f"{name}_{metric}": value for metric, value in values.items()}
    return measured
