"""What a comparison found, as frozen dataclasses and as JSON. Made by judging, read by pages, alerts and policies."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from mlregistry.ml.profiling.codec import decoded, encoded

FORMAT = 1
LEAST_P, MOST_LEVEL = 1e-300, 0.999
COMPARED, NEW, GONE, TOO_FEW, NOT_COMPARED = "compared", "new", "gone", "too_few", "not_compared"


@dataclass(frozen=True)
class Drawing:
    """Both sides in the same bins; shares of the values that are there. Numbers have edges, one more than shares:
    the first and the last bin also hold what lies beyond. Categories have labels instead."""

    reference: tuple[float, ...]
    current: tuple[float, ...]
    edges: tuple[float, ...] = ()
    labels: tuple[str, ...] = ()


@dataclass(frozen=True)
class Rate:
    """A share of all rows on both sides, and whether it changed enough to be told."""

    reference: float
    current: float
    p_value: float
    drifted: bool


@dataclass(frozen=True)
class ColumnDrift:
    """One column. `drifted` is about its values; `missing`, `unseen` and `infinite` are judged by themselves.

    `state` is "compared", "new" or "gone" (in one side only), "too_few" (values for a verdict) or "not_compared".
    `adjusted` is the p-value corrected for all columns that were tested; `threshold` is held against it.
    """

    name: str
    kind: str
    state: str
    n_reference: int = 0  # values that are there
    n_current: int = 0
    method: str | None = None
    statistic: float | None = None
    p_value: float | None = None
    adjusted: float | None = None
    threshold: float | None = None
    direction: str | None = None
    drifted: bool = False
    missing: Rate | None = None
    infinite: Rate | None = None
    unseen: Rate | None = None  # of categories, where the baseline keeps all of its own
    drawing: Drawing | None = None

    @property
    def alarms(self) -> bool:
        """Whether anything about the column is worth an alarm."""
        rates = (self.missing, self.infinite, self.unseen)
        return self.drifted or self.state in (NEW, GONE) or any(rate.drifted for rate in rates if rate)

    @property
    def nearness(self) -> float | None:
        """1 at the threshold, more beyond it; of tests by the logarithm of p. None where nothing was compared."""
        if self.threshold is None or self.statistic is None:
            return None
        if self.adjusted is not None:
            return math.log(max(self.adjusted, LEAST_P)) / math.log(min(self.threshold, MOST_LEVEL))
        return self.statistic / self.threshold


@dataclass(frozen=True)
class DriftReport:
    """All columns; `share` is that of drifted ones among those compared. `drifted` is None without any of them."""

    format: int
    n_reference: int
    n_current: int
    columns: tuple[ColumnDrift, ...]
    n_compared: int
    n_drifted: int
    share: float
    drifted: bool | None
    correction: str
    alpha: float

    def column(self, name: str) -> ColumnDrift | None:
        return next((column for column in self.columns if column.name == name), None)

    def named(self, state: str) -> tuple[str, ...]:
        """The columns of a state, such as "new" or "gone"."""
        return tuple(column.name for column in self.columns if column.state == state)

    def to_json(self) -> dict[str, Any]:
        found: dict[str, Any] = encoded(self)
        return found

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> DriftReport:
        """Invalid when the document is of another format or no report."""
        return decoded(cls, data, format=FORMAT, title="drift report")
