"""How many units a test needs, and how many days of an endpoint's own traffic that is. Called by the planner."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from mlregistry.lib.lazily import lazily
from mlregistry.ml.abtests import sequences

if TYPE_CHECKING:
    import scipy.special as special
else:
    special = lazily("scipy.special")

MOST_UNITS = 10**12


@dataclass(frozen=True)
class Plan:
    """Units of control and challenger together, and days; None for more than can ever be had.

    `fixed` is for a test that is read once, `sequential` for one that may be read at any time.
    """

    fixed_units: int
    sequential_units: int | None
    fixed_days: float | None
    sequential_days: float | None
    units_per_day: float

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


def plan(
    *,
    variance: float,
    effect: float,
    shares: tuple[float, float],
    units_per_day: float,
    alpha: float,
    power: float = 0.8,
) -> Plan:
    """For a true difference that lies `effect` from the tested value; `variance` is of one unit.

    `shares` are the parts of the traffic of control and challenger; `units_per_day` new units with feedback of the
    whole endpoint.
    """
    both = sum(shares)
    spread = variance * (both / shares[0] + both / shares[1])
    z = float(special.ndtri(1 - alpha / 2) + special.ndtri(power))
    fixed = math.ceil(z**2 * spread / effect**2)
    sequential = sequential_units(spread, effect, alpha=alpha, power=power)
    rate = units_per_day * both
    return Plan(
        fixed_units=fixed,
        sequential_units=sequential,
        fixed_days=fixed / rate if rate else None,
        sequential_days=sequential / rate if rate and sequential else None,
        units_per_day=rate,
    )


def sequential_units(spread: float, effect: float, *, alpha: float, power: float = 0.8) -> int | None:
    """The units at which a sequence tuned to them leaves out the tested value with this power.

    `spread` is the variance of the difference times the number of units.
    """
    beyond = float(special.ndtri(power))

    def enough(n: float) -> bool:
        rho = sequences.tuned(n, alpha)
        return effect >= math.sqrt(spread / n) * (sequences.reach(n, alpha=alpha, rho=rho) + beyond)

    high = 2.0
    while not enough(high):
        high *= 2
        if high > MOST_UNITS:
            return None
    low = high / 2
    while high - low > max(1.0, high * 1e-6):
        middle = (low + high) / 2
        low, high = (low, middle) if enough(middle) else (middle, high)
    return math.ceil(high)
