"""Seeded partitions of row positions: train/test, train/validation/test and folds. Called by training."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.model_selection import KFold, StratifiedKFold, TimeSeriesSplit, train_test_split

from mlregistry.errors import Invalid
from mlregistry.ml.recipes import Split

Array = npt.NDArray[Any]


@dataclass(frozen=True)
class Parts:
    """Sorted row positions; validation is empty under train/test."""

    train: Array
    validation: Array
    test: Array


def split(target: Array, plan: Split, *, classes: bool, seed: int, order: Array | None = None) -> Parts:
    """Part the rows of `target`; with `classes` and plan.stratify every part has each class's share.

    With `order` the latest rows are the test; rows of one moment stay together.
    """
    rows = np.arange(len(target))
    if order is not None:
        return _by_time(rows, order, plan.test_fraction)
    stratify = classes and plan.stratify
    rest, test = _cut(rows, target, plan.test_fraction, stratify, seed)
    if plan.method == "train_test":
        return Parts(rest, rows[:0], test)
    share = plan.validation_fraction / (1 - plan.test_fraction)
    train, validation = _cut(rest, target, share, stratify, seed + 1)
    return Parts(train, validation, test)


def folds(
    target: Array, n_folds: int, *, classes: bool, seed: int, order: Array | None = None
) -> Iterator[tuple[Array, Array]]:
    """(fit, hold-out) positions of each fold; Invalid when a class or the table is too small for them.

    With `order` each fold is fitted on what is earlier than its hold-out.
    """
    if len(target) < 2 * n_folds:
        raise Invalid(f"{len(target)} training rows are too few for {n_folds} folds.", field="folds")
    if order is not None:
        return _folds_by_time(order, n_folds)
    if classes:
        smallest = int(np.unique(target, return_counts=True)[1].min())
        if smallest < n_folds:
            raise Invalid(
                f"A class has {smallest} training rows; {n_folds} folds need {n_folds} of each.",
                field="folds",
            )
    splitter: Any = StratifiedKFold if classes else KFold
    rows: Iterator[tuple[Array, Array]] = splitter(n_splits=n_folds, shuffle=True, random_state=seed).split(
        np.zeros(len(target)), target
    )
    return rows


def _cut(rows: Array, target: Array, share: float, stratify: bool, seed: int) -> tuple[Array, Array]:
    try:
        kept, cut = train_test_split(
            rows, test_size=share, random_state=seed % 2**32, stratify=target[rows] if stratify else None
        )
    except ValueError as error:
        raise Invalid(f"{len(rows)} rows cannot be split: {error}", field="split") from error
    return np.sort(kept), np.sort(cut)


def _by_time(rows: Array, order: Array, share: float) -> Parts:
    sorting = np.argsort(order, kind="stable")
    first = order[sorting[max(1, round(len(rows) * (1 - share))) - 1]]
    early = order <= first
    if early.all():
        early = order < first
    if not early.any():
        raise Invalid("Every row has the same time, so there is no split by time.", field="split.order")
    return Parts(rows[early], rows[:0], rows[~early])


def _folds_by_time(order: Array, n_folds: int) -> Iterator[tuple[Array, Array]]:
    sorting = np.argsort(order, kind="stable")
    for inside, outside in TimeSeriesSplit(n_splits=n_folds).split(sorting):
        earlier = order[sorting[inside]] < order[sorting[outside[0]]]
        if earlier.any():
            yield sorting[inside][earlier], sorting[outside]
