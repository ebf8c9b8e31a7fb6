"""From the held-out predictions of trials to what may be trained in the end, each with an honest estimate.

Called by the closing job of "Just train it", and by the benchmark.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from mlregistry.errors import Invalid
from mlregistry.ml import metrics
from mlregistry.ml.comparing.paired import Estimate, estimate
from mlregistry.ml.ensembling import members, weighing
from mlregistry.ml.ensembling.held import Held, outcome_of
from mlregistry.ml.ensembling.mixing import Mix
from mlregistry.ml.ensembling.weighing import Bench

Array = npt.NDArray[Any]
PARTS = 5
FEW = 3
MOST_CANDIDATES = 16
LEAST_CANDIDATES = 6
MOST_OF_FAMILY = 8
MOST_STACKED = 8
CLASS_WORK = 60
WORK = 8_000_000  # rows × classes × candidates that one round of selection looks at
PROBABILISTIC = ("log_loss", "brier", "calibration_error")
SINGLE = "single"
DUMMY = "dummy"
TITLES = {
    SINGLE: "Best single model",
    "vote": "Soft voting",
    "greedy": "Greedy selection",
    "stack": "Stacking",
}
Weigh = Callable[[Bench], Mix]


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


@dataclass(frozen=True)
class Offer:
    """What may be trained: the recipe, its members with weights, and how good to expect it to be.

    `value` is the primary metric over the held-out rows that the weights were chosen on, `honest` over rows that had no
    say in them, with the standard error over the parts; `by_part` its figures, `seconds` what a fit will about take.
    """

    method: str
    recipe: dict[str, Any]
    members: tuple[tuple[int, float], ...]
    value: float
    honest: Estimate
    by_part: tuple[float, ...]
    seconds: float

    @property
    def title(self) -> str:
        return TITLES[self.method]


def offers(
    kind: str, metric: str, candidates: Sequence[Candidate], *, seed: int, most_seconds: float | None = None
) -> list[Offer]:
    """The best single model and every ensemble of more than one member, the best honest estimate first.

    Weights are chosen on all held-out rows; the honest estimate chooses them, and the best single model too, on all
    parts but one and measures them on that one. Members whose fits would take longer than `most_seconds` together are
    left out, the worst first.
    """
    if not candidates:
        raise Invalid("No trial has kept its predictions.", field="candidates")
    chosen = metrics.metric(kind, metric)
    sign = -1.0 if chosen.direction == metrics.MAXIMIZE else 1.0
    pool = _affordable(_pool(_on_same_folds(candidates, chosen.function, sign), sign), most_seconds)
    bench = _bench(pool, lambda outcome: sign * float(chosen.function(outcome)), seed)
    parts = [part for part in _parts(pool[0].held, seed) if _is_defined(bench.at(part))]
    if len(parts) < 2:
        raise Invalid(f"{chosen.title} is not defined on the held-out rows.", field="primary_metric")
    found = []
    for method, weigh in _methods(metric, kind):
        mix = weigh(bench)
        if method != SINGLE and len(mix.used) < 2:
            continue
        by_part = tuple(sign * one for one in _honest(bench, weigh, parts))
        value = float(np.mean([sign * bench.at(part).score(bench.at(part).mixed(mix)) for part in parts]))
        honest = estimate(by_part, 1 / (len(parts) - 1))
        found.append(_offer(method, pool, mix, value, honest, by_part, len(parts)))
    return sorted(found, key=lambda one: sign * one.honest.mean)


def _methods(metric: str, kind: str) -> list[tuple[str, Weigh]]:
    """What is tried; ensembles are calibrated where the metric looks at the probabilities themselves."""

    def also_calibrated(weigh: Weigh) -> Weigh:
        return lambda bench: weighing.calibrate(bench, weigh(bench))

    asked = kind == "classification" and metric in PROBABILISTIC
    return [
        (SINGLE, weighing.single),
        ("vote", also_calibrated(weighing.vote) if asked else weighing.vote),
        ("greedy", also_calibrated(weighing.greedy) if asked else weighing.greedy),
        ("stack", lambda bench: _narrow(bench, weighing.stack)),
    ]


def _narrow(bench: Bench, weigh: Weigh) -> Mix:
    """The weights of the first few candidates of the bench, the others at 0."""
    n = min(MOST_STACKED, len(bench.predicted))
    few = replace(bench, predicted=bench.predicted[:n], families=bench.families[:n])
    mix = weigh(few)
    return replace(mix, weights=(*mix.weights, *[0.0] * (len(bench.predicted) - n)))


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


def refit_seconds(one: Candidate) -> float:
    """What a fit on all training rows takes, by what the folds took."""
    n_folds = one.held.n_folds
    return one.seconds / n_folds * (n_folds / (n_folds - 1) if n_folds > 1 else 1.25)


def _bench(pool: Sequence[Candidate], loss: weighing.Loss, seed: int) -> Bench:
    first = pool[0].held
    if any(len(one.held.rows) != len(first.rows) for one in pool):
        raise Invalid("The trials were not measured on the same rows.", field="candidates")
    return Bench(
        first.truth,
        tuple(one.held.predicted for one in pool),
        first.n_classes,
        tuple(one.estimator for one in pool),
        loss,
        seed,
    )


def _parts(held: Held, seed: int) -> list[Array]:
    """Positions of the held-out rows by fold, or by chance where there are too few folds."""
    n_folds = held.n_folds
    if n_folds >= 3:
        return [np.flatnonzero(held.fold == number) for number in range(n_folds)]
    rows = np.random.default_rng(seed).permutation(len(held.rows))
    if held.n_classes:
        rows = rows[np.argsort(held.truth[rows], kind="stable")]
    return [np.sort(rows[number::PARTS]) for number in range(PARTS)]


def _is_defined(bench: Bench) -> bool:
    return bool(np.isfinite(bench.score(bench.predicted[0])))


def _honest(bench: Bench, weigh: Weigh, parts: Sequence[Array]) -> Iterator[float]:
    for number, part in enumerate(parts):
        rest = np.concatenate([one for place, one in enumerate(parts) if place != number])
        mix = weigh(bench.at(np.sort(rest)))
        there = bench.at(part)
        yield there.score(there.mixed(mix))


def _offer(
    method: str, pool: Sequence[Candidate], mix: Mix, value: float, honest: Estimate, by_part: tuple[float, ...],
    n_parts: int,
) -> Offer:  # fmt: skip
    used = [(pool[place], mix.weights[place]) for place in mix.used]
    return Offer(
        method,
        used[0][0].recipe if method == SINGLE else _recipe(used, mix),
        tuple((one.number, weight) for one, weight in used),
        value,
        honest,
        by_part,
        sum(refit_seconds(one) for one, _ in used),
    )


def _recipe(used: Sequence[tuple[Candidate, float]], mix: Mix) -> dict[str, Any]:
    """An ordinary recipe whose estimator is the ensemble; all else is that of the members."""
    params: dict[str, Any] = {
        "members": [
            {"estimator": one.estimator, "params": one.recipe.get("params") or {}, "weight": weight}
            for one, weight in used
        ],
        "bias": list(mix.bias),
    }
    if used[0][0].held.n_classes:
        params |= {"combine": mix.combine, "sharpness": mix.sharpness}
    return {**used[0][0].recipe, "estimator": members.NAME, "params": params}
