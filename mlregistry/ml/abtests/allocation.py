"""Whether the traffic was split as it should have been: sample ratio mismatch. Called by comparisons.

A split that is off means that units were lost or moved on the way, and no figure of the test can be believed.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from mlregistry.lib.lazily import lazily

if TYPE_CHECKING:
    import scipy.special as special
else:
    special = lazily("scipy.special")

ALARM = 0.001
CONCENTRATION = 1000.0


def chi_square_p(counts: Sequence[int], shares: Sequence[float]) -> float:
    """Pearson's test of the counts against the shares (which sum to 1), for one look; 1 without any count."""
    pairs = [(count, share) for count, share in zip(counts, shares, strict=True) if share > 0]
    n = sum(count for count, _ in pairs)
    if not n or len(pairs) < 2:
        return 1.0
    statistic = sum((count - n * share) ** 2 / (n * share) for count, share in pairs)
    return float(special.chdtrc(len(pairs) - 1, statistic))


def sequential_p(counts: Sequence[int], shares: Sequence[float]) -> float:
    """The p-value of Lindon and Malek (2022): valid however often one looks, of one look.

    One over the Bayes factor of a Dirichlet of mean `shares` against the shares themselves. The least of all
    looks so far is valid, too; the caller keeps it.
    """
    pairs = [(count, share) for count, share in zip(counts, shares, strict=True) if share > 0]
    n = sum(count for count, _ in pairs)
    if not n or len(pairs) < 2:
        return 1.0
    log_factor = math.lgamma(CONCENTRATION) - math.lgamma(CONCENTRATION + n)
    for count, share in pairs:
        prior = CONCENTRATION * share
        log_factor += math.lgamma(prior + count) - math.lgamma(prior) - count * math.log(share)
    return min(1.0, math.exp(min(-log_factor, 0.0)))
