"""Measures one trial on the training rows; the test rows stay untouched. Called by lanes and by outer folds.

A classification or regression goes by its folds, the other kinds by training rows that are held out once.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from mlregistry.errors import Invalid
from mlregistry.ml import metrics, pipelines, training_steps
from mlregistry.ml.clustering import holding_out as held_clusters
from mlregistry.ml.metrics import Outcome
from mlregistry.ml.problems import ProblemSpec
from mlregistry.ml.recipes import MOST_FITS, Recipe
from mlregistry.ml.recommendation import holding_out as held_lists
from mlregistry.ml.search.outer import Outer
from mlregistry.ml.search.plan import by_folds
from mlregistry.ml.supervised import table
from mlregistry.ml.supervised.crossing import cross_predict, cross_validate, means
from mlregistry.ml.supervised.table import Work

Array = npt.NDArray[Any]
LEAST_ROWS = 40
LOOK_ROWS = 4_000


@dataclass(frozen=True)
class Step:
    """What is known after one more fit: the means over the folds so far, or figures of a share of the rows.

    `rows` were held out by the fold, and `outcome` is what was predicted for them.
    """

    number: int
    metrics: dict[str, float]
    is_last: bool
    rows: Array | None = None
    outcome: Outcome | None = None


def measure(
    spec: ProblemSpec,
    recipe: Recipe,
    frame: pd.DataFrame,
    shares: Sequence[float] = (),
    *,
    wanted: Collection[str] = (),
    outer: Outer | None = None,
    most_folds: int | None = None,
) -> Iterator[Step]:
    """The steps of the trial, named as `plan.logged` says.

    By folds: one step per share, on its first fold only, then one per fold; of the rows that `outer` fits where it
    is given. With `most_folds` only so many of the recipe's folds are measured: one is a hold-out. `wanted` are the
    objectives: what is dear to measure is measured only for them.
    """
    if by_folds(spec.kind):
        yield from _by_folds(spec, recipe, frame, shares, outer, most_folds)
        return
    if spec.kind == "clustering":
        found = held_clusters.measure(spec, recipe, frame, wanted)
    else:
        found = held_lists.measure(spec, recipe, frame)
    yield Step(1, {f"validation_{name}": value for name, value in found.items()}, is_last=True)


def first_look(spec: ProblemSpec, recipe: Recipe, frame: pd.DataFrame) -> dict[str, float]:
    """A figure within seconds for a table so large that its first fold is not: of one fold of a few of its rows.

    Nothing for tables that are small, and where the few rows do not suffice.
    """
    if len(frame) < 5 * LOOK_ROWS or not by_folds(spec.kind):
        return {}
    rows = np.sort(np.random.default_rng(recipe.seed).choice(len(frame), LOOK_ROWS, replace=False))
    try:
        return next(_by_folds(spec, recipe, frame.iloc[rows], (), None, 1)).metrics
    except Invalid:
        return {}  # the folds will tell


def _by_folds(
    spec: ProblemSpec,
    recipe: Recipe,
    frame: pd.DataFrame,
    shares: Sequence[float],
    outer: Outer | None,
    most_folds: int | None,
) -> Iterator[Step]:
    work = table.prepare(spec, recipe, frame, lambda fraction, message: None)
    rows = table.part(work).train
    if outer is not None:
        rows, _ = outer.rows(work, rows)
    pipeline = pipelines.build(spec.kind, work.recipe)
    number = 0
    for share in shares:
        number += 1
        part = _share(work, rows, share)
        if len(part) >= LEAST_ROWS:
            try:
                first = next(cross_validate(work, pipeline, part))
            except Invalid:
                continue  # a class with too few rows in this share: the folds will tell
            yield Step(number, {f"cv_{name}_mean": value for name, value in first.items()}, is_last=False)
    found: list[dict[str, float]] = []
    n_folds = min(recipe.folds * recipe.repeats, most_folds or MOST_FITS)
    for outside, outcome in islice(cross_predict(work, pipeline, rows), n_folds):
        number += 1
        found.append(metrics.measure(spec.kind, outcome))
        yield Step(number, means(found), len(found) == n_folds, outside, outcome)


def _share(work: Work, rows: Array, share: float) -> Array:
    """A seeded part of the rows; under a split by time the latest of them."""
    n_rows = max(1, round(len(rows) * share))
    order = training_steps.order_of(work.frame.iloc[rows], work.recipe.split)
    if order is not None:
        return np.sort(rows[np.argsort(order, kind="stable")[-n_rows:]])
    chance = np.random.default_rng(work.recipe.seed)
    return np.sort(chance.permutation(rows)[:n_rows])
