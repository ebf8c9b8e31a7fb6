"""Tests that are read once, at a number of units that was named before the start. Called by comparisons."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from mlregistry.lib.lazily import lazily
from mlregistry.ml.abtests.effects import Effect
from mlregistry.ml.abtests.moments import Arm

if TYPE_CHECKING:
    import scipy.special as special
else:
    special = lazily("scipy.special")


@dataclass(frozen=True)
class FixedTest:
    """`statistic` is t or z; the interval is of the difference at 1 − alpha; `p` is two-sided."""

    name: str
    estimate: float
    low: float
    high: float
    statistic: float
    degrees: float | None
    p: float

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


def welch(found: Effect, n: tuple[int, int], *, alpha: float, against: float = 0.0) -> FixedTest:
    """Welch's t test with the degrees of freedom of Welch and Satterthwaite; n are the units of the two variants."""
    squared = found.error**2
    degrees = squared**2 / sum(part**2 / (count - 1) for part, count in zip(found.parts, n, strict=True))
    statistic = (found.estimate - against) / found.error
    half = float(special.stdtrit(degrees, 1 - alpha / 2)) * found.error
    return FixedTest(
        "welch", found.estimate, found.estimate - half, found.estimate + half, statistic, degrees,
        float(2 * special.stdtr(degrees, -abs(statistic))),
    )  # fmt: skip


def two_proportions(control: Arm, challenger: Arm, *, alpha: float, against: float = 0.0) -> FixedTest:
    """The z test of two proportions: pooled variance against 0, else that of each; Wald's interval."""
    rates = control.value, challenger.value
    parts = [rate * (1 - rate) / arm.n for rate, arm in zip(rates, (control, challenger), strict=True)]
    error = math.sqrt(sum(parts))
    pooled = (control.s + challenger.s) / (control.n + challenger.n)
    under_null = (
        math.sqrt(pooled * (1 - pooled) * (1 / control.n + 1 / challenger.n)) if not against else error
    )
    estimate = rates[1] - rates[0]
    statistic = (estimate - against) / under_null if under_null else 0.0
    half = float(special.ndtri(1 - alpha / 2)) * error
    return FixedTest(
        "two proportions", estimate, estimate - half, estimate + half, statistic, None,
        float(2 * special.ndtr(-abs(statistic))),
    )  # fmt: skip
