"""The folds of a prepared table by its recipe: of a cross-validation, or the outer ones of a nested search."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy.typing as npt

from mlregistry.ml import gaps, splits, training_steps
from mlregistry.ml.supervised.table import Work

Array = npt.NDArray[Any]


def folds(
    work: Work,
    rows: Array,
    *,
    n_folds: int | None = None,
    repeats: int | None = None,
    seed: int | None = None,
) -> Iterator[tuple[Array, Array]]:
    """(fitted, held-out) rows of each fold, all among `rows`; stratified, grouped or by time as the recipe says.

    `n_folds`, `repeats` and `seed` are the recipe's unless given. For a nested search: the outer folds are those of
    the training rows, the inner ones those of each outer fold's fitted rows, by another seed. Invalid says what is
    too few.
    """
    recipe = work.recipe
    order = training_steps.order_of(work.frame, recipe.split)
    groups = training_steps.groups_of(work.frame, recipe.split)
    partition = splits.folds(
        work.target[rows],
        recipe.folds if n_folds is None else n_folds,
        classes=bool(work.classes),
        seed=recipe.seed if seed is None else seed,
        order=None if order is None else order[rows],
        groups=None if groups is None else groups[rows],
        gap=gaps.parse(recipe.split.gap),
        repeats=recipe.repeats if repeats is None else repeats,
    )
    for inside, outside in partition:
        yield rows[inside], rows[outside]
