"""Challengers against the control at one look: effect, sequence, p-values over all looks, verdict.

`queries.abtests` of serving calls `compare`; what must be remembered from look to look comes in and goes out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from mlregistry.ml.abtests import sequences
from mlregistry.ml.abtests.effects import effect
from mlregistry.ml.abtests.moments import Arm

WINS, LOSES, OPEN, TOO_FEW = "wins", "loses", "open", "too few"


@dataclass(frozen=True)
class Rules:
    """What was declared before the start.

    A challenger wins when it is better than the control by more than `margin`, in units of the metric; a negative
    margin asks only that it be not worse by more than that. `alpha` is for all challengers together, `horizon` the
    number of units (of two variants) at which the sequence is narrowest.
    """

    maximize: bool
    margin: float
    alpha: float
    horizon: int
    cuped: bool = False


@dataclass(frozen=True)
class Comparison:
    """A challenger's improvement over the control (positive is better, whatever the metric's direction).

    `low` and `high` hold for all challengers and looks at once. `p_wins` and `p_loses` are the least of all looks,
    `adjusted` is Holm's p over the challengers of the smaller of the two.
    """

    variant: str
    verdict: str
    improvement: float | None = None
    error: float | None = None
    low: float | None = None
    high: float | None = None
    p_wins: float = 1.0
    p_loses: float = 1.0
    adjusted: float = 1.0
    reduction: float = 0.0

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


def compare(
    control: Arm,
    challengers: Mapping[str, Arm],
    rules: Rules,
    *,
    before: Mapping[str, tuple[float, float]] | None = None,
) -> list[Comparison]:
    """One comparison per challenger; `before` holds p_wins and p_loses of the looks so far by variant."""
    alpha = rules.alpha / max(len(challengers), 1)
    rho = sequences.tuned(rules.horizon, alpha)
    looks = [
        _look(name, control, arm, rules, alpha, rho, (before or {}).get(name, (1.0, 1.0)))
        for name, arm in challengers.items()
    ]
    adjusted = holm([min(look.p_wins, look.p_loses) for look in looks])
    return [_judged(look, p, rules.alpha) for look, p in zip(looks, adjusted, strict=True)]


def holm(p_values: Sequence[float]) -> list[float]:
    """Holm's (1979) adjusted p-values, in the order given."""
    order = sorted(range(len(p_values)), key=lambda place: p_values[place])
    adjusted, highest = [1.0] * len(p_values), 0.0
    for rank, place in enumerate(order):
        highest = max(highest, min(1.0, (len(p_values) - rank) * p_values[place]))
        adjusted[place] = highest
    return adjusted


def _look(
    name: str, control: Arm, arm: Arm, rules: Rules, alpha: float, rho: float, so_far: tuple[float, float]
) -> Comparison:
    found = effect(control, arm, cuped=rules.cuped)
    p_wins, p_loses = so_far
    if found is None:
        return Comparison(name, TOO_FEW, p_wins=p_wins, p_loses=p_loses)
    improvement = found.estimate if rules.maximize else -found.estimate
    half = found.error * sequences.reach(found.n, alpha=alpha, rho=rho)
    beyond = (improvement - rules.margin) / found.error
    p = sequences.p_value(beyond, found.n, rho=rho)
    return Comparison(
        name, OPEN, improvement, found.error, improvement - half, improvement + half,
        p_wins=min(p_wins, p) if beyond > 0 else p_wins,
        p_loses=min(p_loses, p) if beyond < 0 else p_loses,
        reduction=found.reduction,
    )  # fmt: skip


def _judged(look: Comparison, adjusted: float, alpha: float) -> Comparison:
    verdict = look.verdict
    if verdict != TOO_FEW and adjusted <= alpha:
        verdict = WINS if look.p_wins <= look.p_loses else LOSES
    return replace(look, verdict=verdict, adjusted=adjusted)
