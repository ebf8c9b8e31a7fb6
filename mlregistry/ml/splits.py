"""Seeded partitions of row positions: train/test, train/validation/test and folds. Called by training and studies."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.model_selection import KFold, StratifiedKFold, TimeSeriesSplit, train_test_split

from mlregistry.errors import Invalid
from mlregistry.ml import gaps, grouping
from mlregistry.ml.gaps import Gap
from mlregistry.ml.recipes import Split

Array = npt.NDArray[Any]
Pairs = Iterator[tuple[Array, Array]]


@dataclass(frozen=True)
class Parts:
    """Sorted row positions; validation is empty but under train/validation/test."""

    train: Array
    validation: Array
    test: Array


def split(
    target: Array,
    plan: Split,
    *,
    classes: bool,
    seed: int,
    order: Array | None = None,
    groups: Array | None = None,
) -> Parts:
    """Part the rows of `target`; with `classes` and plan.stratify every part has each class's share.

    With `order` the latest rows are the test (rows of one moment stay together) and those within plan.gap before
    it are in no part. With `groups` (a number per row) no group is in two parts.
    """
    rows = np.arange(len(target))
    if order is not None:
        return _by_time(rows, order, plan)
    stratify = classes and plan.stratify
    rest, test = _cut(rows, target, plan.test_fraction, stratify, seed, groups)
    if plan.method == "train_test":
        return Parts(rest, rows[:0], test)
    share = plan.validation_fraction / (1 - plan.test_fraction)
    train, validation = _cut(rest, target, share, stratify, seed + 1, groups)
    return Parts(train, validation, test)


def folds(
    target: Array,
    n_folds: int,
    *,
    classes: bool,
    seed: int,
    order: Array | None = None,
    groups: Array | None = None,
    gap: Gap = Gap(),  # noqa: B008  # frozen
    repeats: int = 1,
) -> Pairs:
    """(fit, hold-out) positions of each fold of each repetition; Invalid when a class or the table is too small.

    With `order` each fold is fitted on what is earlier than its hold-out by `gap`. With `groups` the rows of one
    group are held out together.
    """
    if len(target) < 2 * n_folds:
        raise Invalid(f"{len(target)} training rows are too few for {n_folds} folds.", field="folds")
    if order is not None:
        return _folds_by_time(order, n_folds, gap)
    if groups is not None:
        grouping.check_folds(groups, n_folds)
        return _repeated(grouping.splitter, target, n_folds, classes, seed, repeats, groups)
    if classes:
        smallest = int(np.unique(target, return_counts=True)[1].min())
        if smallest < n_folds:
            raise Invalid(
                f"A class has {smallest} training rows; {n_folds} folds need {n_folds} of each.",
                field="folds",
            )
    return _repeated(_splitter, target, n_folds, classes, seed, repeats, None)


def digest(*parts: Array) -> str:
    """Tells a partition from others: SHA-256 over the row numbers of each part, which are ascending in it."""
    found = hashlib.sha256()
    for rows in parts:
        found.update(len(rows).to_bytes(8, "little"))
        found.update(np.sort(rows).astype("<i8").tobytes())
    return found.hexdigest()


def _splitter(classes: bool, n_folds: int, seed: int) -> Any:
    return (StratifiedKFold if classes else KFold)(n_splits=n_folds, shuffle=True, random_state=seed)


def _repeated(
    make: Any, target: Array, n_folds: int, classes: bool, seed: int, repeats: int, groups: Array | None
) -> Pairs:
    for repeat in range(repeats):
        splitter = make(classes, n_folds, (seed + repeat) % 2**32)
        yield from splitter.split(np.zeros(len(target)), target, groups)


def _cut(
    rows: Array, target: Array, share: float, stratify: bool, seed: int, groups: Array | None
) -> tuple[Array, Array]:
    if groups is not None:
        return grouping.cut(rows, target, share, stratify, seed, groups)
    try:
        kept, cut = train_test_split(
            rows, test_size=share, random_state=seed % 2**32, stratify=target[rows] if stratify else None
        )
    except ValueError as error:
        raise Invalid(f"{len(rows)} rows cannot be split: {error}", field="split") from error
    return np.sort(kept), np.sort(cut)


def _by_time(rows: Array, order: Array, plan: Split) -> Parts:
    sorting = np.argsort(order, kind="stable")
    first = order[sorting[max(1, round(len(rows) * (1 - plan.test_fraction))) - 1]]
    early = order <= first
    if early.all():
        early = order < first
    if not early.any():
        raise Invalid("Every row has the same time, so there is no split by time.", field="split.order")
    train = gaps.kept(order, sorting[early[sorting]], order[~early].min(), gaps.parse(plan.gap))
    if not len(train):
        raise Invalid("The gap leaves no training row before the test; make it smaller.", field="split.gap")
    return Parts(np.sort(train), rows[:0], rows[~early])


def _folds_by_time(order: Array, n_folds: int, gap: Gap) -> Pairs:
    sorting = np.argsort(order, kind="stable")
    found = False
    for inside, outside in TimeSeriesSplit(n_splits=n_folds).split(sorting):
        earlier = gaps.kept(order, sorting[inside], order[sorting[outside[0]]], gap)
        if len(earlier):
            found = True
            yield earlier, sorting[outside]
    if not found:
        raise Invalid(
            "No fold has a training row before its hold-out; take fewer folds or a smaller gap.",
            field="folds",
        )
