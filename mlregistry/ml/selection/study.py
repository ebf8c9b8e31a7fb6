"""Compares selection methods inside cross-validation, so that no held-out row has a say in what is kept.

Called by the selection job.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from mlregistry.errors import Invalid
from mlregistry.ml import metrics, splits
from mlregistry.ml.comparing.paired import estimate, p_value
from mlregistry.ml.estimators import CATALOGUE
from mlregistry.ml.metrics import MAXIMIZE
from mlregistry.ml.problems import ProblemSpec
from mlregistry.ml.recipes import Recipe, check_estimator
from mlregistry.ml.selection import describing
from mlregistry.ml.selection.advice import advise
from mlregistry.ml.selection.fold import Fold, Measured, prepare
from mlregistry.ml.selection.methods import METHODS, PCA
from mlregistry.ml.selection.plan import Plan
from mlregistry.ml.selection.ranking import one_thread
from mlregistry.ml.selection.results import ALL, BETTER, NO_DIFFERENCE, WORSE, Result, Row
from mlregistry.ml.selection.rows import Rows, read
from mlregistry.ml.selection.stability import jaccard, kuncheva

Report = Callable[[float, str], None]
Key = tuple[str, int | None]


@dataclass
class _Work:
    """What the steps hand on to each other; `measured` holds one entry per fold."""

    spec: ProblemSpec
    recipe: Recipe
    plan: Plan
    rows: Rows
    report: Report
    held_share: float = 0.0
    reference: list[Measured] = field(default_factory=list)
    baseline: list[float] = field(default_factory=list)
    measured: dict[Key, list[Measured]] = field(default_factory=dict)
    scores: dict[str, dict[str, list[float]]] = field(default_factory=dict)
    seconds: dict[Key, float] = field(default_factory=dict)
    n_done: int = 0

    def tell(self, text: str) -> None:
        """One more of the equal parts that the work is counted in."""
        n_parts = (self.plan.folds + 1) * len(self.plan.methods)
        self.report(0.02 + 0.96 * min(1.0, self.n_done / n_parts), text)
        self.n_done += 1


def compare_methods(spec: ProblemSpec, recipe: Recipe, frame: Any, plan: Plan, report: Report) -> Result:
    """Every method of the plan with every number of features, and all features as the reference.

    The preparation, the selection and the estimator are fitted in each training fold anew. The same arguments give
    the same result (but for seconds). Raises Invalid naming the column or field that stands against it.
    """
    start = time.perf_counter()
    report(0.0, "Checking the table")
    recipe = check_estimator(recipe, spec.kind)
    work = _Work(spec, recipe, plan, read(spec, frame, recipe.seed), report)
    with one_thread():
        everything = np.arange(len(work.rows.target))
        whole = prepare(spec, recipe, work.rows, everything, everything[:1])
        if len(whole.features) < 2:
            raise Invalid("Fewer than two usable features are left to select from.", field="features")
        sizes = plan.sizes_of(len(whole.features))
        _cross_validate(work, sizes)
        offered = _offer(work, whole, sizes)
        report(0.98, "Describing the features")
        return _result(work, whole, offered, time.perf_counter() - start)


def _cross_validate(work: _Work, sizes: Sequence[int]) -> None:
    parts = splits.folds(
        work.rows.target, work.plan.folds, classes=bool(work.rows.classes), seed=work.recipe.seed
    )
    shares = []
    for number, (inside, outside) in enumerate(parts):
        fold = prepare(work.spec, work.recipe, work.rows, inside, outside)
        shares.append(len(outside) / len(inside))
        work.reference.append(fold.everything())
        work.baseline.append(fold.baseline())
        for name in work.plan.methods:
            work.tell(f"Fold {number + 1} of {work.plan.folds}: {METHODS[name].title}")
            _measure(work, fold, name, sizes)
    work.held_share = float(np.mean(shares))


def _measure(work: _Work, fold: Fold, name: str, sizes: Sequence[int]) -> None:
    selector, seconds = fold.selector(name, own=work.plan.own_choice)
    for size in _wanted(work, sizes):
        found = fold.measure(name, selector, size)
        work.measured.setdefault((name, size), []).append(found)
        work.seconds[name, size] = work.seconds.get((name, size), 0.0) + seconds + found.seconds
    if name != PCA:
        for feature, score in zip(fold.features, selector.scores_, strict=True):
            work.scores.setdefault(name, {}).setdefault(feature, []).append(float(score))


def _wanted(work: _Work, sizes: Sequence[int]) -> list[int | None]:
    return [*sizes, *([None] if work.plan.own_choice else [])]


def _offer(work: _Work, whole: Fold, sizes: Sequence[int]) -> dict[Key, list[str]]:
    """Which features each method would keep of all rows: what is used once the study is over."""
    offered: dict[Key, list[str]] = {}
    for name in work.plan.methods:
        work.tell(f"On all rows: {METHODS[name].title}")
        if name != PCA:
            selector, _ = whole.selector(name, own=work.plan.own_choice)
            for size in _wanted(work, sizes):
                offered[name, size] = whole.names(selector, size)
    return offered


def _result(work: _Work, whole: Fold, offered: dict[Key, list[str]], seconds: float) -> Result:
    chosen = metrics.metric(work.spec.kind, work.spec.primary_metric)
    _check_defined(work, chosen.title)
    gain = 1.0 if chosen.direction == MAXIMIZE else -1.0
    reference = _row(work, (ALL, None), work.reference, list(whole.features))
    reference = replace(reference, n_features=len(whole.features))
    rows = [
        _compared(_row(work, key, found, offered.get(key, [])), reference, work, gain)
        for key, found in work.measured.items()
    ]
    baseline = estimate(work.baseline, work.held_share)
    return Result(
        metric=chosen.name,
        metric_title=chosen.title,
        direction=chosen.direction,
        estimator=CATALOGUE[work.spec.kind][work.recipe.estimator].title,
        n_rows=len(work.rows.target),
        n_columns=whole.inside.shape[1],
        n_folds=work.plan.folds,
        features=whole.features,
        reference=reference,
        baseline=baseline,
        rows=rows,
        scores={name: _summary(found) for name, found in work.scores.items()},
        correlation=describing.correlation(whole),
        pca=describing.components(whole),
        advice=advise(
            reference, baseline, rows, len(whole.features), title=chosen.title, direction=chosen.direction
        ),
        warnings=[*work.rows.warnings, *_left_out(work.rows, whole)],
        seconds=round(seconds, 3),
    )


def _row(work: _Work, key: Key, found: Sequence[Measured], features: list[str]) -> Row:
    values, sets = [one.value for one in found], [one.kept for one in found]
    kept = {name: count for name in work.rows.features if (count := sum(name in one for one in sets))}
    selects = key[0] not in (PCA, ALL)
    return Row(
        method=key[0],
        n_features=key[1],
        score=estimate(values, work.held_share),
        folds=values,
        n_kept=[one.n_kept for one in found],
        features=features,
        kept=kept,
        jaccard=jaccard(sets) if selects else None,
        kuncheva=kuncheva(sets, len(work.scores[key[0]])) if selects else None,
        seconds=round(work.seconds.get(key, sum(one.seconds for one in found)), 4),
    )


def _compared(row: Row, reference: Row, work: _Work, gain: float) -> Row:
    differences = [gain * (a - b) for a, b in zip(row.folds, reference.folds, strict=True)]
    found = estimate(differences, work.held_share)
    verdict = BETTER if found.low > 0 else WORSE if found.high < 0 else NO_DIFFERENCE
    return replace(row, difference=found, p=p_value(found, len(differences)), verdict=verdict)


def _summary(found: dict[str, list[float]]) -> dict[str, list[float]]:
    return {name: [float(np.mean(values)), float(np.std(values))] for name, values in found.items()}


def _left_out(rows: Rows, whole: Fold) -> list[str]:
    gone = [name for name in rows.features if name not in set(whole.features)]
    return (
        [f"Left out, as in training (empty, constant or like an identifier): {', '.join(gone)}."]
        if gone
        else []
    )


def _check_defined(work: _Work, title: str) -> None:
    values = [one.value for found in [work.reference, *work.measured.values()] for one in found]
    if not np.isfinite(values).all():
        raise Invalid(f"{title} is not defined on every fold; choose fewer folds.", field="folds")
