"""How sure the test figures of a trained pipeline are, and what a later comparison needs. Called by training.

Runs on the same test rows draw the same resamples, so that their differences can be paired.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.pipeline import Pipeline

from mlregistry.ml import metrics, resampling, training_steps
from mlregistry.ml.metrics import Outcome
from mlregistry.ml.resampling import Plan
from mlregistry.ml.splits import Parts
from mlregistry.ml.supervised import adjusting, slicing
from mlregistry.ml.supervised.folding import folds
from mlregistry.ml.supervised.table import Work

Array = npt.NDArray[Any]
MANY_CLASSES = 5
FEW_RESAMPLES = 400
MOST_KEPT = 100_000


@dataclass(frozen=True)
class Evaluation:
    """`document` is JSON; see TrainingResult for the rest."""

    document: dict[str, Any]
    replicates: Array | None = None
    predictions: pd.DataFrame | None = None


def evaluate(
    work: Work, pipeline: Pipeline, parts: Parts, outcome: Outcome, by_fold: Sequence[dict[str, float]]
) -> Evaluation:
    """Intervals of every test metric, the folds' figures, slices, and the predictions for the test rows."""
    told = digest(work.numbers[parts.test])
    rows = np.arange(len(parts.test))
    if len(rows) > resampling.MOST_ROWS:
        chance = np.random.default_rng(int(told[:8], 16))
        rows = np.sort(chance.choice(len(rows), resampling.MOST_ROWS, replace=False))
    plan, drawn = _plan(work, parts.test[rows], outcome.truth[rows], told)
    sample = outcome.at(rows)
    replicates = resampling.replicates(work.spec.kind, sample, plan)
    whole, part = metrics.measure(work.spec.kind, outcome), metrics.measure(work.spec.kind, sample)
    shrink = math.sqrt(len(rows) / len(parts.test))
    found = {
        name: resampling.interval(values, figure=whole[name], center=part[name], shrink=shrink)
        for name, values in replicates.items()
        if name in whole and name in part
    }
    primary = replicates.get(work.spec.primary_metric)
    document = {
        "n_test": len(parts.test),
        "test_digest": told,
        "drawn": drawn,
        "n_resamples": plan.n_resamples,
        "n_drawn": len(rows),
        "intervals": {name: list(ends) for name, ends in found.items() if ends is not None},
        "adjusted": adjusting.facts(work, pipeline),
        "slices": slicing.slices(work, parts.test, outcome),
        **_folds(work, parts, by_fold),
    }
    kept = None if primary is None else primary.astype(np.float32)
    return Evaluation(document, kept, _predictions(work, parts.test, outcome))


def _plan(work: Work, rows: Array, truth: Array, told: str) -> tuple[Plan, str]:
    """What is drawn, with its name: groups or blocks of time where rows of one belong together."""
    split = work.recipe.split
    n = FEW_RESAMPLES if len(work.classes) >= MANY_CLASSES else resampling.N_RESAMPLES
    seed = int(told[:8], 16)
    groups = training_steps.groups_of(work.frame.iloc[rows], split)
    if groups is not None:
        return Plan(len(rows), seed, units=groups, n_resamples=n), f"groups of {split.group}"
    order = training_steps.order_of(work.frame.iloc[rows], split)
    if order is not None:
        blocks = np.empty(len(rows), dtype=np.int64)
        blocks[np.argsort(order, kind="stable")] = np.arange(len(rows)) // math.ceil(len(rows) ** (1 / 3))
        return Plan(len(rows), seed, units=blocks, n_resamples=n), "blocks of time"
    if work.classes:
        return Plan(len(rows), seed, strata=truth, n_resamples=n), "rows of each class"
    return Plan(len(rows), seed, n_resamples=n), "rows"


def digest(numbers: Array) -> str:
    """Tells test rows apart, whatever split has led to them."""
    return hashlib.sha256(np.sort(numbers).astype("<i8").tobytes()).hexdigest()


def _folds(work: Work, parts: Parts, by_fold: Sequence[dict[str, float]]) -> dict[str, Any]:
    if len(by_fold) < 2:
        return {}
    held = hashlib.sha256()
    shares = []
    for inside, outside in folds(work, parts.train):
        held.update(np.sort(work.numbers[outside]).astype("<i8").tobytes())
        shares.append(len(outside) / len(inside))
    names = [name for name in by_fold[0] if all(name in measured for measured in by_fold)]
    return {
        "folds": {name: [measured[name] for measured in by_fold] for name in names},
        "fold_digest": held.hexdigest(),
        "held_share": float(np.mean(shares)),
    }


def _predictions(work: Work, rows: Array, outcome: Outcome) -> pd.DataFrame:
    """Of very many test rows an even choice, which is the same for every run on them."""
    places = np.unique(np.linspace(0, len(rows) - 1, min(len(rows), MOST_KEPT)).round().astype(int))
    kept = outcome.at(places)
    columns: dict[str, Array] = {"row": work.numbers[rows[places]].astype(np.int64)}
    if kept.probabilities is not None:
        columns |= {"truth": kept.truth.astype(np.int16), "predicted": kept.predicted.astype(np.int16)}
        for number in range(kept.n_classes):
            columns[f"probability_{number}"] = kept.probabilities[:, number].astype(np.float32)
        return pd.DataFrame(columns)
    columns |= {"truth": kept.truth, "predicted": kept.predicted}
    for place, level in enumerate(kept.levels):
        assert kept.quantiles is not None  # noqa: S101  # levels come with quantiles
        columns[f"quantile_{level:.4g}"] = kept.quantiles[:, place]
    return pd.DataFrame(columns)
