"""The difference between two variants with its standard error, by the delta method and with CUPED. Called by
the sequential and the fixed tests.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from mlregistry.ml.abtests.moments import Arm

FEWEST_UNITS = 30


@dataclass(frozen=True)
class Effect:
    """Challenger less control in units of the metric; `n` units stand behind it.

    `reduction` is the share of the variance that the covariate took away (0 without one), `parts` the squared
    error of each of the two means.
    """

    estimate: float
    error: float
    n: int
    reduction: float
    parts: tuple[float, float]


def effect(control: Arm, challenger: Arm, *, cuped: bool = False) -> Effect | None:
    """None while a variant has fewer than 30 units, or nothing varies: no error could be given.

    With `cuped` the metric is regressed on what each unit did before the test, with one slope for both variants
    (Deng, Xu, Kohavi, Walker 2013); units without a past count as average ones.
    """
    if min(control.n, challenger.n) < FEWEST_UNITS:
        return None
    spreads = control.spread(), challenger.spread()
    raw = [spread.metric / arm.n for spread, arm in zip(spreads, (control, challenger), strict=True)]
    if sum(raw) <= 0:
        return None
    estimate = challenger.value - control.value
    if not cuped:
        return Effect(estimate, math.sqrt(sum(raw)), control.n + challenger.n, 0.0, (raw[0], raw[1]))
    slope = _slope(control, challenger)
    parts = [
        spread.adjusted(slope) / arm.n for spread, arm in zip(spreads, (control, challenger), strict=True)
    ]
    estimate -= slope * (challenger.x / challenger.n - control.x / control.n)
    left = sum(parts)
    if left <= 0:
        return None
    return Effect(
        estimate, math.sqrt(left), control.n + challenger.n, 1 - left / sum(raw), (parts[0], parts[1])
    )


def _slope(control: Arm, challenger: Arm) -> float:
    """Pooled within the variants, each weighed by how much its mean adds to the error of the difference."""
    spreads = [(control.n, control.spread()), (challenger.n, challenger.spread())]
    before = sum(spread.before / n for n, spread in spreads)
    return sum(spread.both / n for n, spread in spreads) / before if before > 0 else 0.0


def paired(gaps: Arm) -> Effect | None:
    """The mean difference on the same predictions, from sums whose totals are differences; None as for `effect`."""
    if gaps.n < FEWEST_UNITS:
        return None
    squared = gaps.spread().metric / gaps.n
    return Effect(gaps.value, math.sqrt(squared), gaps.n, 0.0, (squared, 0.0)) if squared > 0 else None
