"""What one column alone says about the target, on the sample: mutual information and a cross-validated score.

Called by depths. Numbers are split by a small tree, categories are answered by their own shares or means.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from mlregistry.lib.lazily import lazily
from mlregistry.ml.profiling.correlations import crossed, ranks
from mlregistry.ml.profiling.document import Column, Relation
from mlregistry.ml.profiling.kinds import FEW_CLASSES, is_class
from mlregistry.ml.profiling.limits import ProfileLimits
from mlregistry.ml.profiling.sample import MISSING, Codes, Floats, Sample, binned

if TYPE_CHECKING:
    from sklearn import tree
else:
    tree = lazily("sklearn.tree")

FOLDS = 3
LEAST_ROWS = 60
LEAST_OF_CLASS = 10
PRIOR_ROWS = 1.0
MOST_CATEGORIES = 1000


@dataclass(frozen=True)
class Target:
    """The outcome on the rows that a score is made of: a class or a number for each."""

    name: str
    rows: Codes  # places in the sample
    classes: Codes | None
    numbers: Floats | None
    folds: Codes

    @property
    def metric(self) -> str:
        return "roc_auc" if self.classes is not None else "r2"


def target_of(sample: Sample, column: Column, limits: ProfileLimits, seed: int) -> Target | None:
    """None when there is too little to predict: few rows, one class, hundreds of classes."""
    codes = sample.classes(column.name)
    n_classes = int(codes.max(initial=MISSING)) + 1
    is_classes = is_class(column)
    if n_classes < 2 or (is_classes and n_classes > FEW_CLASSES):
        return None
    chance = np.random.default_rng(seed)
    rows = (
        _balanced(codes, limits.tree_rows, chance) if is_classes else _some(codes, limits.tree_rows, chance)
    )
    if len(rows) < LEAST_ROWS:
        return None
    folds = np.arange(len(rows)) % FOLDS
    if is_classes:  # each class spread over the folds
        order = np.argsort(codes[rows], kind="stable")
        folds[order] = np.arange(len(rows)) % FOLDS
        return Target(column.name, rows, codes[rows], None, folds)
    return Target(column.name, rows, None, sample.floats[column.name][rows], chance.permutation(folds))


def relation(sample: Sample, column: Column, target: Target | None, outcome: Column) -> Relation | None:
    """None for the target itself, constants, and texts of their own in each row."""
    if column.name == outcome.name or column.kind in ("constant", "text") or not column.n:
        return None
    if column.name in sample.codes and (column.kind == "identifier" or column.n_distinct > MOST_CATEGORIES):
        return None
    score = None
    if target is not None:
        if column.name in sample.floats:
            score = of_numbers(sample.floats[column.name][target.rows], target)
        else:
            score = of_categories(sample.codes[column.name][target.rows], target)
    shared = mutual_information(_binned(sample, column), _binned(sample, outcome))
    score = score if score is not None and math.isfinite(score) else None
    return Relation(shared, score, target.metric if target else "")


def mutual_information(left: Codes, right: Codes) -> float:
    """In nats, of the codes as they are; missing is a value of its own (Shannon 1948)."""
    table = crossed(left + 1, right + 1)
    shares = table / table.sum()
    independent = shares.sum(axis=1, keepdims=True) * shares.sum(axis=0, keepdims=True)
    filled = shares > 0
    return max(0.0, float((shares[filled] * np.log(shares[filled] / independent[filled])).sum()))


def of_numbers(values: Floats, target: Target) -> float | None:
    """By a tree of at most 32 leaves, in three folds; missing values may go either way."""
    answers = None
    for fold in range(FOLDS):
        inside, outside = target.folds != fold, target.folds == fold
        if np.isnan(values[inside]).all():
            return None
        if target.classes is not None:
            classifier = tree.DecisionTreeClassifier(max_leaf_nodes=32, min_samples_leaf=5, random_state=0)
            classifier.fit(values[inside, None], target.classes[inside])
            found = _shares(classifier.predict_proba(values[outside, None]), classifier.classes_, target)
        else:
            assert target.numbers is not None  # noqa: S101  # one of the two is there
            regressor = tree.DecisionTreeRegressor(max_leaf_nodes=32, min_samples_leaf=5, random_state=0)
            found = regressor.fit(values[inside, None], target.numbers[inside]).predict(
                values[outside, None]
            )[:, None]
        answers = np.zeros((len(values), found.shape[1])) if answers is None else answers
        answers[outside] = found
    assert answers is not None  # noqa: S101  # there are folds
    return _score(answers, target)


def of_categories(codes: Codes, target: Target) -> float:
    """By the other folds' share of each class, or mean, within the category, drawn a little to the whole."""
    outcomes = _outcomes(target)
    answers = np.zeros_like(outcomes)
    width = int(codes.max(initial=0)) + 2
    for fold in range(FOLDS):
        inside, outside = target.folds != fold, target.folds == fold
        counts = np.bincount(codes[inside] + 1, minlength=width)
        for place in range(outcomes.shape[1]):
            whole = outcomes[inside, place].mean()
            sums = np.bincount(codes[inside] + 1, weights=outcomes[inside, place], minlength=width)
            means = (sums + PRIOR_ROWS * whole) / (counts + PRIOR_ROWS)
            answers[outside, place] = means[codes[outside] + 1]
    return _score(answers, target)


def _outcomes(target: Target) -> Floats:
    if target.classes is None:
        assert target.numbers is not None  # noqa: S101  # one of the two is there
        return target.numbers[:, None]
    found: Floats = (target.classes[:, None] == np.unique(target.classes)).astype(np.float64)
    return found


def _shares(found: Floats, known: Codes, target: Target) -> Floats:
    """A column for each class of the target, also for those that the fold did not know."""
    assert target.classes is not None  # noqa: S101  # the caller looked
    every = np.unique(target.classes)
    shares = np.zeros((len(found), len(every)))
    shares[:, np.searchsorted(every, known)] = found
    return shares


def _score(answers: Floats, target: Target) -> float:
    if target.classes is None:
        assert target.numbers is not None  # noqa: S101  # one of the two is there
        far = target.numbers - target.numbers.mean()
        total = float((far * far).sum())
        return 1 - float(((target.numbers - answers[:, 0]) ** 2).sum()) / total if total else math.nan
    truths = _outcomes(target)
    scores = [roc_auc(truths[:, place], answers[:, place]) for place in range(truths.shape[1])]
    return min(scores)


def roc_auc(truths: Floats, answers: Floats) -> float:
    """By the sum of ranks (Mann and Whitney 1947)."""
    n_true = truths.sum()
    n_false = len(truths) - n_true
    return float((ranks(answers)[truths == 1].sum() - n_true * (n_true + 1) / 2) / (n_true * n_false))


def _binned(sample: Sample, column: Column) -> Codes:
    return binned(sample.floats[column.name]) if column.name in sample.floats else sample.codes[column.name]


def _some(codes: Codes, n: int, chance: np.random.Generator) -> Codes:
    known = np.flatnonzero(codes != MISSING)
    return np.sort(chance.choice(known, n, replace=False)) if len(known) > n else known


def _balanced(codes: Codes, n: int, chance: np.random.Generator) -> Codes:
    """Rare classes whole, frequent ones in part; classes of fewer than ten rows are left out."""
    counts = np.bincount(codes[codes != MISSING])
    kept = np.flatnonzero(counts >= LEAST_OF_CLASS)
    if len(kept) < 2:
        return np.zeros(0, dtype=np.int64)
    parts = [np.flatnonzero(codes == code) for code in kept]
    share = n // len(kept)
    return np.sort(
        np.concatenate(
            [part if len(part) <= share else chance.choice(part, share, replace=False) for part in parts]
        )
    )
