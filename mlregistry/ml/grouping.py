"""Partitions that keep the rows of one group (a patient, a customer) on one side. Called by splits."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.model_selection import GroupKFold, StratifiedGroupKFold

from mlregistry.errors import Invalid

Array = npt.NDArray[Any]
FIELD = "split.group"


class _Splitter:
    """Grouped folds, stratified as far as the groups allow, without scikit-learn's warnings about it."""

    def __init__(self, splitter: Any) -> None:
        self.splitter = splitter

    def split(self, rows: Array, target: Array, groups: Array) -> Iterator[tuple[Array, Array]]:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)
            try:
                yield from self.splitter.split(rows, target, groups)
            except ValueError as error:
                raise Invalid(f"The groups cannot be parted into folds: {error}", field="folds") from error


def splitter(classes: bool, n_folds: int, seed: int) -> _Splitter:
    """Folds by group; with `classes` the shares of the classes are kept as nearly as whole groups can."""
    kind = StratifiedGroupKFold if classes else GroupKFold
    return _Splitter(kind(n_splits=n_folds, shuffle=True, random_state=seed))


def check_folds(groups: Array, n_folds: int) -> None:
    """Invalid when there are fewer groups than folds."""
    n_groups = len(np.unique(groups))
    if n_groups < n_folds:
        raise Invalid(
            f"The training rows hold {n_groups} groups, too few for {n_folds} folds; at most one fold per group.",
            field="folds",
        )


def cut(
    rows: Array, target: Array, share: float, stratify: bool, seed: int, groups: Array
) -> tuple[Array, Array]:
    """(kept, cut): whole groups, in seeded order, go into the cut while they bring it nearer to its share of rows.

    With `stratify` it is the share of each class that is neared.
    """
    codes, n_groups = _codes(groups[rows])
    if n_groups < 2:
        raise Invalid("There is one group only, so it cannot be on both sides of a split.", field=FIELD)
    labels = np.unique(target[rows], return_inverse=True)[1] if stratify else np.zeros(len(rows), int)
    counts = np.zeros((n_groups, labels.max() + 1))
    np.add.at(counts, (codes, labels), 1)
    taken = _nearest(counts, share, np.random.default_rng(seed % 2**32))
    held = taken[codes]
    return rows[~held], rows[held]


def _codes(groups: Array) -> tuple[Array, int]:
    names, codes = np.unique(groups, return_inverse=True)
    return codes, len(names)


def _nearest(counts: Array, share: float, chance: np.random.Generator) -> Array:
    """Which groups to take, so that the sum of their rows of `counts` comes near `share` of the whole."""
    wanted, have = share * counts.sum(axis=0), np.zeros(counts.shape[1])
    weight = 1 / np.maximum(counts.sum(axis=0), 1)
    taken = np.zeros(len(counts), dtype=bool)
    for group in chance.permutation(len(counts)):
        before = np.sum((weight * (wanted - have)) ** 2)
        if np.sum((weight * (wanted - have - counts[group])) ** 2) < before:
            taken[group], have = True, have + counts[group]
    if not taken.any():
        taken[np.argmin(counts.sum(axis=1))] = True
    if taken.all():
        taken[np.argmax(counts.sum(axis=1))] = False
    return taken
