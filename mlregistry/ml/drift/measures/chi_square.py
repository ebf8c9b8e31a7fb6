"""Pearson's chi-square of categories: whether both sides come from one distribution, or fit the reference's shares.

The test of homogeneity holds its level whatever the sizes. The test of fit takes the reference's shares for the truth,
as Evidently does: with sides of equal size its statistic is twice what it should be, so quiet columns raise alarms.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlregistry.lib.lazily import lazily
from mlregistry.ml.drift.measures.figure import Figure
from mlregistry.ml.drift.shares import in_equal_widths
from mlregistry.ml.drift.sides import Categories, Compared

if TYPE_CHECKING:
    import numpy as np
    import scipy.special as special

    from mlregistry.ml.drift.sides import Floats
else:
    np, special = lazily("numpy"), lazily("scipy.special")

LEAST_EXPECTED = 5.0


def homogeneity(compared: Compared) -> Figure:
    """Categories that one side may expect fewer than five rows of count as one (Cochran 1954)."""
    reference, current = _counts(compared)
    n, m = reference.sum(), current.sum()
    together = reference + current
    rare = together * min(n, m) / (n + m) < LEAST_EXPECTED
    reference, current = _pooled(reference, rare), _pooled(current, rare)
    together = reference + current
    if len(together) < 2:
        return Figure(0.0, 1.0, len(together))
    apart = (reference * m - current * n) ** 2 / (n * m * together)
    return _figure(float(apart.sum()), len(together))


def fit(compared: Compared) -> Figure:
    """As Evidently's `chisquare`; a value that the reference never had makes p zero."""
    reference, current = _counts(compared)
    expected = reference * (current.sum() / reference.sum())
    if len(reference) < 2:
        return Figure(0.0, 1.0, len(reference))
    if not expected.all():
        return Figure(float(np.finfo(np.float64).max), 0.0, len(reference))
    return _figure(float(((current - expected) ** 2 / expected).sum()), len(reference))


def _counts(compared: Compared) -> tuple[Floats, Floats]:
    """Of each category that either side has; of numbers, in bins."""
    if not isinstance(compared, Categories):
        shares = in_equal_widths(compared)
        compared = Categories((), shares.reference * shares.n_reference, shares.current * shares.n_current)
    there = (compared.reference > 0) | (compared.current > 0)
    return compared.reference[there], compared.current[there]


def _pooled(counts: Floats, rare: np.typing.NDArray[np.bool_]) -> Floats:
    if not rare.any():
        return counts
    return np.append(counts[~rare], counts[rare].sum())


def _figure(statistic: float, n_bins: int) -> Figure:
    return Figure(statistic, float(special.chdtrc(n_bins - 1, statistic)), n_bins)
