"""The two sides of a comparison of one column: the baseline's values and the window's. Read by measures and judging.

Numbers come as arrays (`RawNumbers`) or as counters (`cells.CountedNumbers`): measures see the same figures of both.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Protocol

from mlregistry.lib.lazily import lazily

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Array = npt.NDArray[Any]
    Floats = npt.NDArray[np.float64]
else:
    np = lazily("numpy")

FEW_VALUES = 20
LARGEST = 1e140  # what is beyond counts as infinite, so that squares of what is not stay finite


@dataclass(frozen=True)
class Categories:
    """Rows per value on both sides, in the same order of labels."""

    labels: tuple[str, ...]
    reference: Floats
    current: Floats

    @property
    def n_reference(self) -> int:
        return int(self.reference.sum())

    @property
    def n_current(self) -> int:
        return int(self.current.sum())

    @property
    def n_distinct(self) -> int:
        """Values that either side has."""
        return int(((self.reference > 0) | (self.current > 0)).sum())


class Numbers(Protocol):
    """What measures ask of a column of numbers; none is missing or infinite, and neither side is empty."""

    @property
    def is_whole(self) -> bool: ...

    @property
    def n_reference(self) -> int: ...

    @property
    def n_current(self) -> int: ...

    @property
    def n_distinct(self) -> int:
        """Of both sides together; where they are many, at least so many."""

    @property
    def n_distinct_reference(self) -> int: ...

    @property
    def deciles(self) -> Floats:
        """The reference's nine, each a value of its own."""

    @property
    def deviation(self) -> float:
        """The reference's standard deviation, with n below."""

    @property
    def limits(self) -> tuple[float, float]:
        """The least and the greatest value of both sides."""

    @property
    def gap(self) -> float:
        """The largest distance between the two cumulative shares."""

    @property
    def area(self) -> float:
        """Between the two cumulative shares, in the column's unit."""

    def below(self, points: Floats) -> tuple[Floats, Floats]:
        """How many values of each side lie below each point."""

    def quantiles(self, shares: Floats) -> tuple[Floats, Floats]:
        """The values at these shares, of each side."""

    def categories(self) -> Categories:
        """Each value by itself."""

    def ranked(self) -> tuple[Floats, Floats]:
        """Two samples in the order of the values; for small sides."""


Compared = Numbers | Categories


@dataclass(frozen=True)
class RawNumbers:
    """Two sorted arrays of floats; make it by `of`."""

    reference: Floats
    current: Floats
    is_whole: bool = False

    @classmethod
    def of(cls, reference: Array, current: Array, *, is_whole: bool = False) -> RawNumbers:
        return cls(
            np.sort(reference.astype(np.float64)), np.sort(current.astype(np.float64)), is_whole=is_whole
        )

    @property
    def n_reference(self) -> int:
        return len(self.reference)

    @property
    def n_current(self) -> int:
        return len(self.current)

    @cached_property
    def _merged(self) -> tuple[Floats, Floats]:
        """All values in order, and the difference of the cumulative shares after each place."""
        values = np.concatenate([self.reference, self.current])
        order = np.argsort(values, kind="stable")  # two sorted runs: merged in one pass
        before = np.cumsum(order < self.n_reference, dtype=np.int32)
        now = np.arange(1, len(values) + 1, dtype=np.int32)
        now -= before
        differences = before / self.n_reference
        differences -= now / self.n_current
        return values[order], differences

    @cached_property
    def n_distinct(self) -> int:
        if self.n_distinct_reference > FEW_VALUES:
            return self.n_distinct_reference
        return len(np.union1d(self.reference, self.current))

    @cached_property
    def n_distinct_reference(self) -> int:
        return 1 + int(np.count_nonzero(np.diff(self.reference)))

    @property
    def deciles(self) -> Floats:
        return deciles_of(self.reference)

    @cached_property
    def deviation(self) -> float:
        return float(np.std(self.reference))

    @property
    def limits(self) -> tuple[float, float]:
        return (
            float(min(self.reference[0], self.current[0])),
            float(max(self.reference[-1], self.current[-1])),
        )

    @property
    def gap(self) -> float:
        values, differences = self._merged
        is_last = np.append(np.diff(values) > 0, True)
        return float(np.abs(differences[is_last]).max())

    @property
    def area(self) -> float:
        if self.n_reference == self.n_current:  # each value moves to that of the same rank
            return float(np.abs(self.reference - self.current).mean())
        values, differences = self._merged
        return float((np.abs(differences[:-1]) * np.diff(values)).sum())

    def below(self, points: Floats) -> tuple[Floats, Floats]:
        return (
            np.searchsorted(self.reference, points).astype(np.float64),
            np.searchsorted(self.current, points).astype(np.float64),
        )

    def quantiles(self, shares: Floats) -> tuple[Floats, Floats]:
        return _at(self.reference, shares), _at(self.current, shares)

    def ranked(self) -> tuple[Floats, Floats]:
        return self.reference, self.current

    def categories(self) -> Categories:
        values = np.unique(np.concatenate([np.unique(self.reference), np.unique(self.current)]))
        counts = [
            np.diff(np.append(np.searchsorted(side, values), len(side))).astype(np.float64)
            for side in (self.reference, self.current)
        ]
        return Categories(tuple(f"{value:g}" for value in values.tolist()), *counts)


def deciles_of(ordered: Floats) -> Floats:
    """The values at the tenths of sorted ones, the lower where two are as near."""
    found: Floats = ordered[(np.arange(1, 10) / 10 * (len(ordered) - 1)).astype(np.int64)]
    return found


def _at(ordered: Floats, shares: Floats) -> Floats:
    """Interpolated linearly between neighbours, as numpy does."""
    places = shares * (len(ordered) - 1)
    lower = np.floor(places).astype(np.int64)
    upper = np.minimum(lower + 1, len(ordered) - 1)
    share = places - lower
    found: Floats = ordered[lower] * (1 - share) + ordered[upper] * share
    return found
