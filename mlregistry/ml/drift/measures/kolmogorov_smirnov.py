"""The two-sample test of Kolmogorov and Smirnov: the largest gap between the cumulative shares.

The p-value is exact for sides of up to 10,000 values, else asymptotic (Hodges 1958), as in scipy's `ks_2samp`; where
that sums as many terms as there are rows, Smirnov's expansion takes its place, which agrees to 1e-9.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from mlregistry.lib.lazily import lazily
from mlregistry.ml.drift.measures.figure import Figure
from mlregistry.ml.drift.sides import Numbers

if TYPE_CHECKING:
    import numpy as np
    from scipy import stats
else:
    np, stats = lazily("numpy"), lazily("scipy.stats")

MOST_FOR_EXACT = 10_000
MANY, FAR = 50_000, 2.2


def test(numbers: Numbers) -> Figure:
    n, m = numbers.n_reference, numbers.n_current
    if max(n, m) <= MOST_FOR_EXACT:
        found = stats.ks_2samp(*numbers.ranked())
        return Figure(float(found.statistic), float(found.pvalue))
    gap = numbers.gap
    return Figure(gap, _beyond(gap, int(np.round(n * m / (n + m)))))


def _beyond(gap: float, n: int) -> float:
    """The chance of such a gap from the distribution itself, of n values."""
    square = n * gap * gap
    if n < MANY or square < FAR:
        return float(np.clip(stats.kstwo.sf(gap, n), 0, 1))
    correction = 1 + (8 * square * square - 8 * square - 1) / (18 * n)
    return 2 * math.exp(-((6 * n * gap + 1) ** 2) / (18 * n)) / correction
