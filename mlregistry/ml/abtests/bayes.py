"""How probably each variant is the best, and what choosing it may cost. Called by comparisons and the bandit.

Integrals are taken by Gauss–Legendre panels over quantiles, so there is no chance in the figures.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Protocol

from mlregistry.lib.lazily import lazily
from mlregistry.ml.abtests.moments import Arm

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    import scipy.special as special

    Array = npt.NDArray[np.float64]
else:
    np, special = lazily("numpy"), lazily("scipy.special")

PANELS, NODES = 256, 8


class Posterior(Protocol):
    def quantiles(self, shares: Array) -> Array: ...

    def below(self, values: Array) -> Array: ...

    @property
    def mean(self) -> float: ...


@dataclass(frozen=True)
class Beta:
    """Of a rate: a and b are one more than the events and the others (uniform prior)."""

    a: float
    b: float

    def quantiles(self, shares: Array) -> Array:
        return np.asarray(special.betaincinv(self.a, self.b, shares))

    def below(self, values: Array) -> Array:
        return np.asarray(special.betainc(self.a, self.b, np.clip(values, 0.0, 1.0)))

    @property
    def mean(self) -> float:
        return self.a / (self.a + self.b)


@dataclass(frozen=True)
class Student:
    """Of a mean whose variance is unknown: the marginal of the normal-inverse-gamma under Jeffreys' prior."""

    mean: float
    scale: float
    degrees: float

    def quantiles(self, shares: Array) -> Array:
        return np.asarray(self.mean + self.scale * special.stdtrit(self.degrees, shares))

    def below(self, values: Array) -> Array:
        return np.asarray(special.stdtr(self.degrees, (values - self.mean) / self.scale))


@dataclass(frozen=True)
class Chance:
    """`best` is the probability that the variant is the best; `loss` what is lost on average by choosing it."""

    best: float
    loss: float

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


def posterior(arm: Arm, *, is_rate: bool) -> Beta | Student:
    """Beta for units that are 0 or 1 and count once, Student's t for all else; of at least two units."""
    if is_rate:
        return Beta(1 + arm.s, 1 + arm.n - arm.s)
    return Student(arm.value, max(math.sqrt(arm.spread().metric / arm.n), 1e-12), max(arm.n - 1.0, 2.0))


def chances(found: Sequence[Posterior], *, maximize: bool) -> list[Chance]:
    """One per posterior, in order; the probabilities sum to 1."""
    shares, weights = _nodes()
    best: list[float] = []
    extreme = 0.0
    for mine in found:
        values = mine.quantiles(shares)
        beaten = np.ones_like(values)
        for other in found:
            if other is not mine:
                beaten = beaten * (other.below(values) if maximize else 1 - other.below(values))
        best.append(float(weights @ beaten))
        extreme += float(weights @ (values * beaten))
    total = sum(best)
    sign = 1 if maximize else -1
    return [
        Chance(mine / total, max(sign * (extreme / total - one.mean), 0.0))
        for mine, one in zip(best, found, strict=True)
    ]


def _nodes() -> tuple[Array, Array]:
    """Places between 0 and 1 and their weights, which sum to 1."""
    nodes, weights = np.polynomial.legendre.leggauss(NODES)
    starts = np.arange(PANELS)[:, None] / PANELS
    places = starts + (nodes[None, :] + 1) / (2 * PANELS)
    return places.ravel(), np.tile(weights / (2 * PANELS), PANELS)
