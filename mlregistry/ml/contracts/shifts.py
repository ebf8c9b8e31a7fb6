"""How far two distributions lie apart, and how far chance alone would put them. Called by comparing.

PSI: sum of (q - p) ln(q / p) over bins, an empty bin counting as 1e-4 of its side; numbers go into the ten
quantile bins of the earlier side. KS: the greatest distance of the two distribution functions as profiles tell them.
JS: square root of the Jensen-Shannon divergence in nats, 0 to 0.833 (Lin 1991, Endres and Schindelin 2003).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mlregistry.lib.lazily import lazily
from mlregistry.ml.profiling import distribution
from mlregistry.ml.profiling.distribution import Distribution
from mlregistry.ml.profiling.document import Column

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    from scipy import special

    Array = npt.NDArray[np.float64]
else:
    np, special = lazily("numpy"), lazily("scipy.special")

QUANTILE_BINS = 10
EMPTY_SHARE = 1e-4
CHANCE = 0.001
TITLES = {
    "ks": "Kolmogorov–Smirnov statistic",
    "psi": "population stability index",
    "js": "Jensen–Shannon distance",
}


@dataclass(frozen=True)
class Shift:
    """`floor` is what the value exceeds by chance once in a thousand; `method` says how it was computed."""

    method: str
    value: float
    floor: float

    @property
    def is_real(self) -> bool:
        return self.value > self.floor


def of_columns(earlier: Column, later: Column, method: str) -> Shift | None:
    """Of the finite values of two columns of numbers or times; None where one side has none."""
    left, right = distribution.of_column(earlier), distribution.of_column(later)
    return of_distributions(left, right, method) if left and right else None


def of_distributions(earlier: Distribution, later: Distribution, method: str) -> Shift:
    """The floor of KS has also what a profile does not tell about values between two percentiles."""
    n, m = earlier.n, later.n
    if method == "ks":
        chance = math.sqrt(-math.log(CHANCE / 2) / 2) * math.sqrt((n + m) / (n * m))
        return Shift("ks", distribution.distance(earlier, later), chance + max(earlier.blur, later.blur))
    edges = quantile_edges(earlier)
    p, q = earlier.between(edges), later.between(edges)
    return Shift(f"psi ({len(p)} quantile bins of the earlier version)", psi(p, q), _psi_floor(len(p), n, m))


def of_counts(earlier: Sequence[float], later: Sequence[float], method: str) -> Shift:
    """Counts per category, in the same order on both sides; neither is all zeros."""
    p, q = np.asarray(earlier, dtype=np.float64), np.asarray(later, dtype=np.float64)
    floor = _psi_floor(len(p), float(p.sum()), float(q.sum()))
    if method == "psi":
        return Shift(f"psi ({len(p)} categories)", psi(p, q), floor)
    return Shift("js", js(p, q), math.sqrt(floor / 8))


def psi(earlier: Array, later: Array) -> float:
    p, q = _shares(earlier), _shares(later)
    return float(np.sum((q - p) * np.log(q / p)))


def js(earlier: Array, later: Array) -> float:
    p, q = earlier / earlier.sum(), later / later.sum()
    middle = (p + q) / 2
    divergence = (_divergence(p, middle) + _divergence(q, middle)) / 2
    return math.sqrt(max(0.0, divergence))


def quantile_edges(side: Distribution) -> Array:
    """The inner edges of at most ten bins; doubled ones are left out."""
    inner = np.linspace(0, 1, QUANTILE_BINS + 1)[1:-1]
    return np.unique([side.quantile(float(share)) for share in inner])


def _shares(amounts: Array) -> Array:
    shares = amounts / amounts.sum()
    return np.where(shares == 0, EMPTY_SHARE, shares)


def _divergence(p: Array, q: Array) -> float:
    there = p > 0
    return float(np.sum(p[there] * np.log(p[there] / q[there])))


def _psi_floor(n_bins: int, n: float, m: float) -> float:
    """Of equal distributions, PSI is about (1/n + 1/m) times a chi-square of one degree less than bins."""
    if n_bins < 2:
        return 0.0
    quantile: Any = special.chdtri(n_bins - 1, CHANCE)
    return float(quantile) * (1 / n + 1 / m)
