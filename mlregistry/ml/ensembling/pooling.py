"""Which measured trials come into question for ensembles, on the same rows and within a time. Called by `offering`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from mlregistry.ml.ensembling.held import Held, outcome_of

MOST_CANDIDATES = 16
LEAST_CANDIDATES = 6
MOST_OF_FAMILY = 8
FEW = 3
DUMMY = "dummy"
CLASS_WORK = 60
WORK = 8_000_000  # rows × classes × candidates that one round of selection looks at


@dataclass(frozen=True)
class Candidate:
    """One measured trial: its recipe, what it predicted for the held-out rows, and the seconds that took."""

    number: int
    recipe: dict[str, Any]
    held: Held
    value: float
    seconds: float = 0.0

    @property
    def estimator(self) -> str:
        return str(self.recipe["estimator"])


def pooled(
    candidates: Sequence[Candidate],
    function: Callable[[Any], float],
    sign: float,
    most_seconds: float | None,
) -> list[Candidate]:
    """The candidates to mix, on the rows of the same folds; `sign` turns the metric's `function` into a loss."""
    return _affordable(_pool(_on_same_folds(candidates, function, sign), sign), most_seconds)


def refit_seconds(one: Candidate) -> float:
    """What a fit on all training rows takes, by what the folds took."""
    n_folds = one.held.n_folds
    return one.seconds / n_folds * (n_folds / (n_folds - 1) if n_folds > 1 else 1.25)


def _on_same_folds(
    candidates: Sequence[Candidate], function: Callable[[Any], float], sign: float
) -> list[Candidate]:
    """Cut to the folds that the best few have all measured, without those that have measured fewer."""
    ranked = sorted(candidates, key=lambda one: (sign * one.value, one.number))
    n_folds = min(one.held.n_folds for one in ranked[:FEW])
    found = []
    for one in ranked:
        if one.held.n_folds == n_folds:
            found.append(one)
        elif one.held.n_folds > n_folds:
            cut = one.held.first(n_folds)
            figures = [
                float(function(outcome_of(cut.truth[rows], cut.predicted[rows], cut.n_classes)))
                for rows in (cut.fold == number for number in range(n_folds))
            ]
            share = n_folds / one.held.n_folds
            found.append(replace(one, held=cut, value=float(np.mean(figures)), seconds=one.seconds * share))
    return found


def _pool(candidates: Sequence[Candidate], sign: float) -> list[Candidate]:
    """The best of each family in turn and then the next best, so that the first few differ from each other."""
    telling = [one for one in candidates if one.estimator != DUMMY] or list(candidates)
    ranked = sorted(telling, key=lambda one: (sign * one.value, one.number))
    size = max(1, ranked[0].held.predicted.size)
    by_classes = CLASS_WORK // max(1, ranked[0].held.n_classes)  # metrics of many classes take long
    most = max(LEAST_CANDIDATES, min(MOST_CANDIDATES, WORK // size, by_classes))
    counts: dict[str, int] = {}
    rows: list[tuple[int, int, Candidate]] = []
    for place, one in enumerate(ranked):
        counts[one.estimator] = counts.get(one.estimator, 0) + 1
        rows.append((counts[one.estimator], place, one))
    kept = sorted(rows, key=lambda row: row[:2])[: most * 2]
    kept = [row for row in kept if row[0] <= MOST_OF_FAMILY][:most]
    if all(row[1] != 0 for row in kept):
        kept[-1] = rows[0]
    return [row[2] for row in sorted(kept, key=lambda row: row[:2])]


def _affordable(pool: list[Candidate], most_seconds: float | None) -> list[Candidate]:
    if most_seconds is None:
        return pool
    kept: list[Candidate] = []
    total = 0.0
    for one in pool:
        total += refit_seconds(one)
        if not kept or total <= most_seconds:
            kept.append(one)
        else:
            total -= refit_seconds(one)
    return kept
