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
from mlregistry.ml.ensembling.held import Held
from mlregistry.ml.ensembling.mixing import Mix
from mlregistry.ml.ensembling.pooling import Candidate, pooled, refit_seconds
from mlregistry.ml.ensembling.weighing import Bench

Array = npt.NDArray[Any]
PARTS = 5
MOST_STACKED = 8
PROBABILISTIC = ("log_loss", "brier", "calibration_error")
SINGLE = "single"
QUICK = "quick"
ONE_MODEL = (SINGLE, QUICK)
TITLES = {
    SINGLE: "Best single model",
    QUICK: "Quick model",
    "vote": "Soft voting",
    "greedy": "Greedy selection",
    "stack": "Stacking",
}
Weigh = Callable[[Bench], Mix]


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
    sign = _sign(kind, metric)
    pool = pooled(candidates, metrics.metric(kind, metric).function, sign, most_seconds)
    found = _offered(kind, metric, pool, _methods(metric, kind), seed)
    return sorted(found, key=lambda one: sign * one.honest.mean)


def single(
    kind: str, metric: str, candidates: Sequence[Candidate], *, seed: int, most_seconds: float | None = None
) -> Offer:
    """The best single model alone, which takes no time to find."""
    pool = pooled(candidates, metrics.metric(kind, metric).function, _sign(kind, metric), most_seconds)
    return _offered(kind, metric, pool, [(SINGLE, weighing.single)], seed)[0]


def quick(
    kind: str, metric: str, candidates: Sequence[Candidate], *, seed: int, most_seconds: float
) -> Offer:
    """The best of the candidates whose fits take no longer; where there is none, the one with the quickest fit."""
    sign = _sign(kind, metric)
    one = min(
        candidates,
        key=lambda one: (max(0.0, refit_seconds(one) - most_seconds), sign * one.value, one.number),
    )
    return _offered(kind, metric, [one], [(QUICK, weighing.single)], seed)[0]


def _sign(kind: str, metric: str) -> float:
    return -1.0 if metrics.metric(kind, metric).direction == metrics.MAXIMIZE else 1.0


def _offered(
    kind: str, metric: str, pool: Sequence[Candidate], methods: Sequence[tuple[str, Weigh]], seed: int
) -> list[Offer]:
    chosen, sign = metrics.metric(kind, metric), _sign(kind, metric)
    bench = _bench(pool, lambda outcome: sign * float(chosen.function(outcome)), seed)
    parts = [part for part in _parts(pool[0].held, seed) if _is_defined(bench.at(part))]
    if len(parts) < 2:
        raise Invalid(f"{chosen.title} is not defined on the held-out rows.", field="primary_metric")
    found = []
    for method, weigh in methods:
        mix = weigh(bench)
        if method not in ONE_MODEL and len(mix.used) < 2:
            continue
        by_part = tuple(sign * one for one in _honest(bench, weigh, parts))
        value = float(np.mean([sign * bench.at(part).score(bench.at(part).mixed(mix)) for part in parts]))
        honest = estimate(by_part, 1 / (len(parts) - 1))
        found.append(_offer(method, pool, mix, value, honest, by_part))
    return found


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
    method: str, pool: Sequence[Candidate], mix: Mix, value: float, honest: Estimate, by_part: tuple[float, ...]
) -> Offer:  # fmt: skip
    used = [(pool[place], mix.weights[place]) for place in mix.used]
    return Offer(
        method,
        used[0][0].recipe if method in ONE_MODEL else _recipe(used, mix),
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
