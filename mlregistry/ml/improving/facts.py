"""What is known of a model's columns: importance, drift, new values, weak slices. Filled by queries for proposing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mlregistry.ml.metrics import MAXIMIZE

NUMERIC, CATEGORICAL, OTHER = "numeric", "categorical", "other"
KINDS = {"integer": NUMERIC, "float": NUMERIC, "string": CATEGORICAL}


@dataclass(frozen=True)
class Moved:
    """A column that left its baseline: by which method, how far, and the threshold that this passed."""

    method: str
    figure: float
    threshold: float


@dataclass(frozen=True)
class ColumnFact:
    """One column that the model reads. `importance` is the loss of the metric when it is shuffled, mean and deviation;
    `unseen` and `missing` are shares of the rows, before and now, where they have changed enough to be told."""

    name: str
    kind: str
    importance: float | None = None
    deviation: float = 0.0
    skewness: float | None = None
    n_distinct: int | None = None
    lowest: float | None = None
    moved: Moved | None = None
    unseen: tuple[float, float] | None = None


@dataclass(frozen=True)
class WeakSlice:
    """Rows of one value (a category, or a quarter of a number), on which the metric is shown to be worse."""

    column: str
    label: str
    n: int
    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Facts:
    """`overall` is the metric on all test rows; `scales` says whether the estimator minds the shape of a number."""

    metric: str
    overall: float | None
    columns: tuple[ColumnFact, ...]
    slices: tuple[WeakSlice, ...] = ()
    scales: bool = True

    def column(self, name: str) -> ColumnFact | None:
        return next((column for column in self.columns if column.name == name), None)

    @property
    def most_important(self) -> float:
        """The largest importance; 0 where none is known or above 0."""
        return max((one.importance for one in self.columns if one.importance is not None), default=0.0)


def weak_slices(
    slices: Sequence[Mapping[str, Any]], overall: float | None, direction: str
) -> tuple[WeakSlice, ...]:
    """Of an evaluation's slices those whose 95 % interval lies on the wrong side of the metric of all test rows."""
    if overall is None:
        return ()
    found = []
    for one in slices:
        low, high = one.get("interval") or (None, None)
        if low is None or high is None:
            continue
        if (high < overall) if direction == MAXIMIZE else (low > overall):
            found.append(
                WeakSlice(
                    one["column"], one["label"], int(one["n"]), float(one["value"]), float(low), float(high)
                )
            )
    return tuple(found)
