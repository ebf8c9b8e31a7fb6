"""Forests with fewer trees: forward selection of those whose votes together err least.

Greedy ensemble pruning as in Caruana et al. (2004) and Martínez-Muñoz and Suárez (2006), by squared error.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from mlregistry.errors import Invalid
from mlregistry.ml import training_steps
from mlregistry.ml.optimising import choosing
from mlregistry.ml.optimising.inner import inner_of, with_inner
from mlregistry.ml.optimising.subject import Made, Subject

Array = npt.NDArray[Any]
LEAST_TREES = 3
MOST_ROWS = 4_000
MOST_CELLS = 8_000_000  # trees × rows × classes that one step looks at
LONGER = 1.5
LEAST_SHOWN = 12


def thin(subject: Subject) -> Iterator[Made]:
    """One candidate: half of the unseen rows order the trees, the other half decides how many are needed."""
    forest = inner_of(subject.pipeline)
    rows, unseen = _unseen(subject, forest)
    votes = _votes(subject, forest, rows)
    truth = _truth(subject, rows)
    halves = _halves(len(rows), subject.recipe.seed)
    order, values, full = _ordered(subject, votes, unseen, truth, rows, halves)
    found = choosing.smallest_within(subject, values, full)
    n_trees = len(forest.estimators_)
    if found is None or len(order[found]) >= n_trees:
        raise Invalid(
            f"All {n_trees} trees are needed to stay within {subject.wish.tolerance:g} of {subject.metric.title}.",
            field="tolerance",
        )
    chosen = sorted(order[found])
    source = "validation rows" if len(subject.parts.validation) else "rows that a tree had not drawn"
    yield Made(
        "thin",
        f"{len(chosen)} of {n_trees} trees",
        with_inner(subject.pipeline, thinned(forest, chosen)),
        f"Kept {len(chosen)} of {n_trees} trees of the fitted forest, chosen on {len(rows):,} {source}.",
        None,
        choosing.curve(subject, "Thinning", "Trees kept", [len(one) for one in order], values),
        facts={"n_trees": len(chosen), "n_trees_before": n_trees, "trees": chosen},
    )


def thinned(forest: Any, trees: list[int]) -> Any:
    """The same forest with these of its trees alone."""
    found = copy.copy(forest)
    found.estimators_ = [forest.estimators_[place] for place in trees]
    found.n_estimators = len(trees)
    return found


def _unseen(subject: Subject, forest: Any) -> tuple[Array, Array]:
    """Rows to choose on, and trees × rows: whether the tree was not fitted on the row."""
    chance = np.random.default_rng(subject.recipe.seed)
    n_trees = len(forest.estimators_)
    most = min(MOST_ROWS, max(200, MOST_CELLS // (n_trees * max(1, len(subject.work.classes)))))
    if len(subject.parts.validation):
        rows = _some(subject.parts.validation, most, chance)
        return rows, np.ones((n_trees, len(rows)), dtype=bool)
    if not forest.bootstrap:
        raise Invalid(
            "Its trees have seen every training row; train it with a validation part.", field="methods"
        )
    table = subject.work.frame[[*subject.work.features, subject.work.spec.target]]
    rows = training_steps.without_gaps(
        subject.recipe.all_steps, table, subject.work.spec.target, subject.parts.train
    )
    drawn = forest.estimators_samples_
    if max(int(one.max()) for one in drawn) >= len(rows):
        raise Invalid("The rows that the forest was fitted on are not those of its recipe.", field="methods")
    unseen = np.ones((n_trees, len(rows)), dtype=bool)
    for place, one in enumerate(drawn):
        unseen[place, one] = False
    kept = _some(np.arange(len(rows)), most, chance)
    return rows[kept], unseen[:, kept]


def _some(rows: Array, most: int, chance: np.random.Generator) -> Array:
    if len(rows) <= most:
        return rows
    return np.sort(chance.choice(rows, most, replace=False))


def _votes(subject: Subject, forest: Any, rows: Array) -> Array:
    """Trees × rows × classes (of two the second alone), or × 1 for numbers."""
    matrix = subject.matrix(subject.pipeline, rows, subject.parts.train).astype(np.float32)
    if not subject.work.classes:
        return np.stack([tree.predict(matrix)[:, None] for tree in forest.estimators_])
    found = np.stack([tree.predict_proba(matrix) for tree in forest.estimators_])
    return found[:, :, 1:] if found.shape[2] == 2 else found


def _truth(subject: Subject, rows: Array) -> Array:
    """Rows × what the votes should have been."""
    target = subject.work.target[rows]
    if not subject.work.classes:
        return np.asarray(target, dtype=np.float64)[:, None]
    hits = np.column_stack([target == one for one in inner_of(subject.pipeline).classes_]).astype(np.float64)
    return hits[:, 1:] if hits.shape[1] == 2 else hits


def _halves(n: int, seed: int) -> tuple[Array, Array]:
    order = np.random.default_rng(seed + 1).permutation(n)
    return np.sort(order[: n // 2]), np.sort(order[n // 2 :])


def _ordered(
    subject: Subject, votes: Array, unseen: Array, truth: Array, rows: Array, halves: tuple[Array, Array]
) -> tuple[list[list[int]], list[float], float]:
    """Growing sets of trees, the metric of each on the second half, and that of all trees."""
    first, second = halves
    prior = truth.mean(axis=0)

    def measured(trees: list[int]) -> float:
        mean = _mean(votes[trees][:, second], unseen[trees][:, second], prior)
        values = np.column_stack([1 - mean, mean]) if subject.work.classes and mean.shape[1] == 1 else mean
        return subject.value(subject.told(subject.work.target[rows[second]], values))

    full = measured(list(range(len(votes))))
    order: list[list[int]] = []
    values: list[float] = []
    last = 0
    for tree in _greedy(votes[:, first], unseen[:, first], truth[first], prior):
        order.append([*(order[-1] if order else []), tree])
        values.append(measured(order[-1]))
        if (
            not last
            and len(order) >= LEAST_TREES
            and subject.sign * (values[-1] - full) >= -subject.wish.tolerance
        ):
            last = max(LEAST_SHOWN, int(len(order) * LONGER))
        if len(order) == last:
            break
        subject.work.report(len(order) / len(votes), f"Thinning, {len(order)} trees")
    return order[LEAST_TREES - 1 :], values[LEAST_TREES - 1 :], full


def _greedy(votes: Array, unseen: Array, truth: Array, prior: Array) -> Iterator[int]:
    """Trees in the order in which each next one lowers the squared error of the mean most."""
    weighted, left = votes * unseen[:, :, None], list(range(len(votes)))
    total, counts = np.zeros_like(truth), np.zeros(len(truth))
    while left:
        n = counts + unseen[left]
        sums = total + weighted[left]
        means = np.where(n[:, :, None] > 0, sums / np.maximum(n, 1)[:, :, None], prior)
        best = left[int(((means - truth) ** 2).sum(axis=(1, 2)).argmin())]
        total, counts = total + weighted[best], counts + unseen[best]
        left.remove(best)
        yield best


def _mean(votes: Array, unseen: Array, prior: Array) -> Array:
    """The mean vote of the trees that had not seen the row; what is usual where all had."""
    n = unseen.sum(axis=0)
    sums = (votes * unseen[:, :, None]).sum(axis=0)
    found: Array = np.where(n[:, None] > 0, sums / np.maximum(n, 1)[:, None], prior)
    return found
