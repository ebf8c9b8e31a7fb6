"""Groups of runs compared by one metric, such as the same training with several seeds. Called by queries.run_groups.

Means have Student's t intervals; two groups are compared by Welch's t test, or pair by pair where both hold the same
seeds; p-values of all pairs together are Holm's (1979).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import combinations
from typing import Any

import numpy as np
from scipy import stats

from mlregistry.ml.drift.correcting import adjusted

CONFIDENCE = 0.95
LEVEL = 0.05
WELCH, PAIRED, NONE = "welch", "paired", "none"
HIGHER, LOWER = "higher", "lower"
BETTER, WORSE, NOT_SHOWN = "better", "worse", "not_shown"


@dataclass(frozen=True)
class Group:
    """`values` in the order of `seeds`; a seed is "" where it is not known. low and high are None below two runs."""

    name: str
    values: tuple[float, ...]
    seeds: tuple[str, ...]
    mean: float
    deviation: float | None
    low: float | None
    high: float | None

    @property
    def n(self) -> int:
        return len(self.values)


@dataclass(frozen=True)
class Difference:
    """The mean of `one` less that of `other`, with its 95 % interval; `adjusted` is Holm's p over all pairs.

    `effect` is Hedges' g: the difference in pooled deviations, corrected for few runs. The verdict is on `one`;
    without a direction, "better" stands for higher.
    """

    one: str
    other: str
    method: str
    n: tuple[int, int]
    verdict: str
    sentence: str
    difference: float | None = None
    low: float | None = None
    high: float | None = None
    p: float | None = None
    adjusted: float | None = None
    effect: float | None = None

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True)
class _Test:
    method: str
    difference: float
    low: float
    high: float
    p: float


def group(name: str, values: Mapping[str, float] | Sequence[tuple[str, float]]) -> Group:
    """Of pairs of a seed and a value."""
    pairs = list(values.items() if isinstance(values, Mapping) else values)
    numbers = np.array([value for _, value in pairs], dtype=float)
    n, mean = len(pairs), float(numbers.mean())
    seeds = tuple(seed for seed, _ in pairs)
    if n < 2:
        return Group(name, tuple(map(float, numbers)), seeds, mean, None, None, None)
    deviation = float(numbers.std(ddof=1))
    reach = float(stats.t.ppf((1 + CONFIDENCE) / 2, n - 1)) * deviation / math.sqrt(n)
    return Group(name, tuple(map(float, numbers)), seeds, mean, deviation, mean - reach, mean + reach)


def compared(groups: Sequence[Group], *, better: str = "") -> list[Difference]:
    """Every two groups, in their order; `better` is higher, lower or '' when nobody knows."""
    pairs = list(combinations(groups, 2))
    tests = [_test(one, other) for one, other in pairs]
    known = [test.p for test in tests if test is not None]
    corrected = iter(adjusted(known, "holm") if known else [])
    found = []
    for (one, other), test in zip(pairs, tests, strict=True):
        if test is None:
            found.append(
                Difference(one.name, other.name, NONE, (one.n, other.n), NOT_SHOWN, _too_few(one, other))
            )
        else:
            found.append(_told(one, other, test, float(next(corrected)), better))
    return found


def _test(one: Group, other: Group) -> _Test | None:
    """None where a group has fewer than two runs."""
    if one.n < 2 or other.n < 2:
        return None
    if _same_seeds(one, other):
        return _paired(one, other)
    return _welch(one, other)


def _same_seeds(one: Group, other: Group) -> bool:
    seeds = set(one.seeds)
    return "" not in seeds and len(seeds) == one.n == other.n and seeds == set(other.seeds)


def _paired(one: Group, other: Group) -> _Test:
    theirs = dict(zip(other.seeds, other.values, strict=True))
    differences = np.array([value - theirs[seed] for seed, value in zip(one.seeds, one.values, strict=True)])
    error = float(differences.std(ddof=1)) / math.sqrt(one.n)
    return _judged(PAIRED, float(differences.mean()), error, one.n - 1)


def _welch(one: Group, other: Group) -> _Test:
    """With the degrees of freedom of Welch and Satterthwaite."""
    parts = [(each.deviation or 0.0) ** 2 / each.n for each in (one, other)]
    error = math.sqrt(sum(parts))
    beneath = sum(part**2 / (each.n - 1) for part, each in zip(parts, (one, other), strict=True))
    degrees = sum(parts) ** 2 / beneath if beneath else one.n + other.n - 2
    return _judged(WELCH, one.mean - other.mean, error, degrees)


def _judged(method: str, difference: float, error: float, degrees: float) -> _Test:
    """Without any spread a difference is certain, and none is none."""
    if error == 0.0:
        return _Test(method, difference, difference, difference, 1.0 if difference == 0.0 else 0.0)
    reach = float(stats.t.ppf((1 + CONFIDENCE) / 2, degrees)) * error
    p = float(2 * stats.t.sf(abs(difference) / error, degrees))
    return _Test(method, difference, difference - reach, difference + reach, p)


def _effect(one: Group, other: Group) -> float | None:
    """Hedges (1981): the difference in pooled deviations, times 1 − 3 / (4·df − 1)."""
    degrees = one.n + other.n - 2
    squares = [(each.deviation or 0.0) ** 2 * (each.n - 1) for each in (one, other)]
    pooled = math.sqrt(sum(squares) / degrees)
    return (one.mean - other.mean) / pooled * (1 - 3 / (4 * degrees - 1)) if pooled else None


def _told(one: Group, other: Group, test: _Test, corrected: float, better: str) -> Difference:
    shown = corrected < LEVEL
    wins = test.difference > 0 if better != LOWER else test.difference < 0
    verdict = (BETTER if wins else WORSE) if shown else NOT_SHOWN
    sentence = _sentence(one, other, test, verdict, better) + _among(verdict, test.p, corrected)
    return Difference(
        one.name, other.name, test.method, (one.n, other.n), verdict, sentence,
        test.difference, test.low, test.high, test.p, corrected, _effect(one, other),
    )  # fmt: skip


def _sentence(one: Group, other: Group, test: _Test, verdict: str, better: str) -> str:
    word = "better" if better else "higher"
    ahead, behind = (one, other) if verdict != WORSE else (other, one)
    turned = verdict != NOT_SHOWN and test.difference < 0  # told as a positive number
    low, high = (-test.high, -test.low) if turned else (test.low, test.high)
    size = _digits(-test.difference if turned else test.difference)
    facts = f"{size} (95 %: {_digits(low)} to {_digits(high)}); {_runs(one, other, test.method)}"
    if verdict == NOT_SHOWN:
        return f"No difference between {one.name} and {other.name} is shown: {facts}."
    return f"{ahead.name} is {word} than {behind.name} by {facts}."


def _among(verdict: str, p: float, corrected: float) -> str:
    """Why an interval without zero shows nothing."""
    if verdict != NOT_SHOWN or p >= LEVEL:
        return ""
    return f" Alone it would count (p = {p:.2g}), among all pairs it does not (Holm’s p = {corrected:.2g})."


def _runs(one: Group, other: Group, method: str) -> str:
    if method == PAIRED:
        return f"the same {one.n} seeds each"
    word = "seeds" if "" not in {*one.seeds, *other.seeds} else "runs"
    return f"{one.n} {word} each" if one.n == other.n else f"{one.n} and {other.n} {word}"


def _too_few(one: Group, other: Group) -> str:
    few = " and ".join(each.name for each in (one, other) if each.n < 2)
    return (
        f"Between {one.name} and {other.name} nothing is shown: {few} has one run alone, and two are needed."
    )


def _digits(value: float) -> str:
    return f"{value:.3g}".replace("-", "−")
