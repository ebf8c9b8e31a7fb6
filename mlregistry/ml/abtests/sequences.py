"""Intervals and p-values that hold at every look at once: for differences of means, and for rates.

Asymptotic confidence sequences are those of Waudby-Smith, Arbour, Sinha, Kennedy and Ramdas (2021, Annals of
Statistics 2024); rates rest on the mixture martingale of Robbins (1970), which is exact. Called by comparisons.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from mlregistry.lib.lazily import lazily

if TYPE_CHECKING:
    import scipy.special as special
else:
    special = lazily("scipy.special")

STEPS = 45


def tuned(n_units: float, alpha: float) -> float:
    """The mixture's ρ that makes the sequence narrowest when `n_units` are reached (their appendix on ρ)."""
    width = -2 * math.log(alpha)
    return math.sqrt((width + math.log(width + 1)) / max(n_units, 1.0))


def reach(n: float, *, alpha: float, rho: float) -> float:
    """How many standard errors the sequence of level 1 − alpha goes to either side after n units (Theorem 2.2)."""
    grown = n * rho**2 + 1
    return math.sqrt(2 * grown / (n * rho**2) * math.log(math.sqrt(grown) / alpha))


def p_value(z: float, n: float, *, rho: float) -> float:
    """The least alpha whose sequence leaves out a value that lies z standard errors away; valid at every look."""
    grown = n * rho**2 + 1
    return min(1.0, math.exp(0.5 * math.log(grown) - n * rho**2 * z**2 / (2 * grown)))


def rate_interval(n_events: int, n: int, *, alpha: float) -> tuple[float, float]:
    """The confidence sequence of a rate after n events or not, exact at every look and for every n.

    It holds each p at which B(a + k, b + n − k) / (B(a, b) p^k (1 − p)^(n − k)) is below 1/alpha, with a = b = 1/2.
    """
    if n == 0:
        return 0.0, 1.0
    observed = n_events / n
    low = _edge(n_events, n, alpha, inside=observed, outside=0.0) if n_events else 0.0
    high = _edge(n_events, n, alpha, inside=observed, outside=1.0) if n_events < n else 1.0
    return low, high


def _edge(n_events: int, n: int, alpha: float, *, inside: float, outside: float) -> float:
    """Bisects between a rate that the sequence holds and one that it leaves out."""
    limit = -math.log(alpha)
    base = float(special.betaln(0.5 + n_events, 0.5 + n - n_events) - special.betaln(0.5, 0.5))
    for _ in range(STEPS):
        middle = (inside + outside) / 2
        log_wealth = base - _log_power(n_events, middle) - _log_power(n - n_events, 1 - middle)
        inside, outside = (middle, outside) if log_wealth < limit else (inside, middle)
    return (inside + outside) / 2


def _log_power(times: int, rate: float) -> float:
    if not times:
        return 0.0
    return times * math.log(rate) if rate > 0 else -math.inf
