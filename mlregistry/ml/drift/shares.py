"""Both sides of a column as shares of the same bins. Called by the measures that compare shares.

Numbers of many values lie in bins of equal width over both sides (Sturges' rule), as Evidently 0.7 has them; others
in a bin per value.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from mlregistry.lib.lazily import lazily
from mlregistry.ml.drift.sides import FEW_VALUES, Categories, Compared, Numbers

if TYPE_CHECKING:
    import numpy as np

    from mlregistry.ml.drift.sides import Floats
else:
    np = lazily("numpy")

LEAST_SHARE = 1e-4


@dataclass(frozen=True)
class Shares:
    """Shares of the bins, each side summing to 1, and the rows of each side."""

    reference: Floats
    current: Floats
    n_reference: int
    n_current: int

    @property
    def n_bins(self) -> int:
        """Bins that either side has rows in."""
        return int(((self.reference > 0) | (self.current > 0)).sum())

    @property
    def without_zeros(self) -> tuple[Floats, Floats]:
        return _raised(self.reference), _raised(self.current)


def in_equal_widths(compared: Compared) -> Shares:
    if isinstance(compared, Categories):
        return _of(compared.reference, compared.current)
    if compared.n_distinct_reference <= FEW_VALUES:
        return in_equal_widths(compared.categories())
    return between(compared, sturges_edges(compared))


def in_deciles(compared: Compared) -> Shares:
    """Numbers in bins between the reference's deciles, open at both ends."""
    if isinstance(compared, Categories):
        return _of(compared.reference, compared.current)
    if compared.n_distinct_reference <= FEW_VALUES:
        return in_deciles(compared.categories())
    return between(compared, np.concatenate([[-np.inf], np.unique(compared.deciles), [np.inf]]))


def between(numbers: Numbers, edges: Floats) -> Shares:
    """In bins [a, b), the last one closed."""
    closed = edges.copy()
    closed[-1] = np.nextafter(closed[-1], np.inf)
    reference, current = numbers.below(closed)
    return _of(np.diff(reference), np.diff(current))


def sturges_edges(numbers: Numbers) -> Floats:
    """As `numpy.histogram_bin_edges(values, "sturges")` of both sides together."""
    low, high = numbers.limits
    width = (high - low) / (np.log2(numbers.n_reference + numbers.n_current) + 1.0)
    if width == 0:
        return np.array([low - 0.5, high + 0.5])
    if numbers.is_whole:
        width = max(width, 1.0)
    found: Floats = np.linspace(low, high, int(np.ceil((high - low) / width)) + 1)
    return found


def _of(reference: Floats, current: Floats) -> Shares:
    n_reference, n_current = float(reference.sum()), float(current.sum())
    return Shares(reference / n_reference, current / n_current, round(n_reference), round(n_current))


def _raised(shares: Floats) -> Floats:
    """With a small share in the place of none, as Evidently has it; the sum is then a little over 1."""
    least = float(shares[shares > 0].min())
    filled: Floats = np.where(shares == 0, least / 1e6 if least <= LEAST_SHARE else LEAST_SHARE, shares)
    return filled
