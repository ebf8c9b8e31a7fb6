"""What is kept of a variant: sums over its units, from which every figure of an A/B test follows.

The serving queries fill it from the database, `of_units` from arrays; the modules beside this one read it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class Arm:
    """Sums over the units of a variant.

    Each unit has a total s (of the metric over its predictions), a weight m (how many predictions that were; 1 when
    every unit counts once) and x, its metric before the test less the mean of all units before it (0 when unknown).
    `n_predictions` is the sum of predictions behind it, whatever m is.
    """

    n: int = 0
    s: float = 0.0
    m: float = 0.0
    x: float = 0.0
    ss: float = 0.0
    mm: float = 0.0
    xx: float = 0.0
    sm: float = 0.0
    sx: float = 0.0
    mx: float = 0.0
    n_predictions: int = 0

    @property
    def value(self) -> float:
        """The metric: the sum of totals over the sum of weights; NaN without any."""
        return self.s / self.m if self.m else float("nan")

    def spread(self) -> Spread:
        """Variances and covariance over units of the linearised metric and of x."""
        value, n = self.value, self.n
        mean_m, mean_x = self.m / n, self.x / n
        # (s − R·m)/mean(m) sums to zero over the units by the definition of R.
        squares = (self.ss - 2 * value * self.sm + value**2 * self.mm) / mean_m**2
        crossed = (self.sx - value * self.mx) / mean_m
        free = max(n - 1, 1)
        return Spread(
            metric=max(squares, 0.0) / free,
            before=max(self.xx - n * mean_x**2, 0.0) / free,
            both=crossed / free,
        )

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True)
class Spread:
    """Of one unit: variance of the metric's influence, of the covariate, and their covariance.

    The influence of a unit on a ratio is (s − R·m)/mean(m), which is the delta method (Deng, Knoblich, Lu 2018).
    """

    metric: float
    before: float
    both: float

    def adjusted(self, slope: float) -> float:
        """The variance that is left after the covariate's part is taken off."""
        return max(self.metric - 2 * slope * self.both + slope**2 * self.before, 0.0)


def of_units(
    totals: Iterable[float], weights: Iterable[float] | None = None, before: Iterable[float] | None = None
) -> Arm:
    """The sums of one variant from its units; `before` must be centred by the caller over all variants."""
    s = [float(total) for total in totals]
    m = [1.0] * len(s) if weights is None else [float(weight) for weight in weights]
    x = [0.0] * len(s) if before is None else [float(value) for value in before]

    def dot(a: Sequence[float], b: Sequence[float]) -> float:
        return sum(first * second for first, second in zip(a, b, strict=True))

    return Arm(
        n=len(s), s=sum(s), m=sum(m), x=sum(x), ss=dot(s, s), mm=dot(m, m), xx=dot(x, x),
        sm=dot(s, m), sx=dot(s, x), mx=dot(m, x), n_predictions=int(sum(m)),
    )  # fmt: skip
