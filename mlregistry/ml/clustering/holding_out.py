"""How well a clustering holds for training rows that it was not fitted on; the test rows stay untouched.

Called by ml.search for each trial.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from mlregistry.errors import Invalid
from mlregistry.ml import metrics, pipelines, splits, training_steps
from mlregistry.ml.clustering import training
from mlregistry.ml.clustering.metrics import Clusters
from mlregistry.ml.clustering.stability import stability
from mlregistry.ml.problems import ProblemSpec, validate
from mlregistry.ml.recipes import Recipe, check_estimator

Array = npt.NDArray[Any]
HELD_SHARE = 0.25
MOST_NOISE = 0.5


def measure(
    spec: ProblemSpec, recipe: Recipe, frame: pd.DataFrame, wanted: Collection[str]
) -> dict[str, float]:
    """The metrics of a quarter of the training rows (under a split by time the latest), fitted on the others.

    Stability, which takes ten more fits, only where it is wanted. A clustering that calls most rows noise is
    refused: measures leave noise out, so a search would be led to a few dense specks.
    """
    spec, recipe = validate(spec), check_estimator(recipe, spec.kind)
    features, known = training.columns(spec, frame)
    frame = frame.reset_index(drop=True)
    fitted, held = _held_out(recipe, frame, training.part(recipe, frame, features).train)
    pipeline = pipelines.build(spec.kind, recipe)
    matrix = training.fit(pipeline, frame[features].iloc[fitted], [])
    estimator = pipeline.steps[-1][1]
    others = np.asarray(pipeline[:-1].transform(frame[features].iloc[held]))
    labels = estimator.predict(others)
    noise = float((labels < 0).mean())
    if noise > MOST_NOISE:
        raise Invalid(
            f"{noise:.0%} of the held-out rows are noise, so what is measured on the rest tells little."
        )
    steady = float("nan")
    if "stability" in wanted:
        steady = stability(training.decided(estimator), matrix, recipe.seed)
    groups = None if known is None else known[held]
    return metrics.measure(spec.kind, Clusters(others, labels, groups, steady, recipe.seed))


def _held_out(recipe: Recipe, frame: pd.DataFrame, rows: Array) -> tuple[Array, Array]:
    by_time = recipe.split.method == "by_time"
    plan = replace(
        recipe.split, method=recipe.split.method if by_time else "train_test", test_fraction=HELD_SHARE
    )
    order = training_steps.order_of(frame.iloc[rows], plan)
    parts = splits.split(np.zeros(len(rows)), plan, classes=False, seed=recipe.seed + 1, order=order)
    return rows[parts.train], rows[parts.test]
