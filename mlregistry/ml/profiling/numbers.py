"""The figures of numeric and boolean columns. Called by columns."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mlregistry.ml.profiling import clues, sorted_values
from mlregistry.ml.profiling.clues import Clues
from mlregistry.ml.profiling.document import Numbers, TopValue
from mlregistry.ml.profiling.limits import ProfileLimits
from mlregistry.ml.profiling.sorted_values import Runs
from mlregistry.ml.profiling.source import Array

SHARES = (0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99)
LARGEST_EXACT = 2**53


@dataclass(frozen=True)
class Measured:
    """What the values of one column came to."""

    n_distinct: int
    top: tuple[TopValue, ...]
    n_infinite: int
    numbers: Numbers | None
    clues: Clues


def measured(values: Array, limits: ProfileLimits) -> Measured:
    """`values` in the order of the rows, none missing; they are sorted in place."""
    n = len(values)
    if values.dtype.kind == "f":
        finite = np.isfinite(values)
        values = values if finite.all() else values[finite]
    n_infinite = n - len(values)
    if not len(values):
        return Measured(_n_infinities(n_infinite), (), n_infinite, None, Clues())
    step, rises = clues.step(values), clues.rises(values)
    moments = sorted_values.moments(values)
    values.sort()
    found = sorted_values.runs(values)
    return Measured(
        n_distinct=len(found.starts) + _n_infinities(n_infinite),
        top=_top(values, found, limits),
        n_infinite=n_infinite,
        numbers=_numbers(values, moments, limits),
        clues=Clues(
            sentinels=clues.sentinels(values, found),
            units=clues.units(values, found) or step,
            rises=rises,
            is_dense=float(values[-1]) - float(values[0]) < 1.5 * len(found.starts),
        ),
    )


def truths(values: Array, limits: ProfileLimits) -> Measured:
    """Of booleans."""
    n_true = int(values.sum())
    counts = {"true": n_true, "false": len(values) - n_true}
    top = sorted((-count, value) for value, count in counts.items() if count)
    return Measured(len(top), tuple(TopValue(value, -count) for count, value in top), 0, None, Clues())


def _n_infinities(n_infinite: int) -> int:
    """Counted as one more value: both infinities stand for "beyond"."""
    return 1 if n_infinite else 0


def _top(ordered: Array, found: Runs, limits: ProfileLimits) -> tuple[TopValue, ...]:
    n_distinct = len(found.starts)
    places = found.most_frequent(n_distinct if n_distinct <= limits.few_values else limits.top_values)
    values = ordered[found.starts[places]].tolist()
    counts = found.counts[places].tolist()
    return tuple(TopValue(text(value), count) for value, count in zip(values, counts, strict=True))


def text(value: float) -> str:
    """Whole floats without their point, as people write them."""
    return str(int(value)) if float(value).is_integer() and abs(value) < 1e15 else str(value)


def _numbers(ordered: Array, moments: sorted_values.Moments, limits: ProfileLimits) -> Numbers:
    points = sorted_values.quantiles(ordered, np.array(SHARES))
    lower, middle, upper = (float(points[SHARES.index(share)]) for share in (0.25, 0.5, 0.75))
    mad = sorted_values.median_distance(ordered, middle)
    fence = 1.5 * (upper - lower)
    return Numbers(
        minimum=ordered[0].item(),
        maximum=ordered[-1].item(),
        mean=moments.mean,
        deviation=moments.deviation,
        skewness=moments.skewness,
        kurtosis=moments.kurtosis,
        mad=mad,
        quantiles={str(share): float(point) for share, point in zip(SHARES, points, strict=True)},
        n_zero=int(np.searchsorted(ordered, 0, "right") - np.searchsorted(ordered, 0, "left")),
        n_negative=int(np.searchsorted(ordered, 0, "left")),
        is_whole=_is_whole(ordered),
        n_outliers_iqr=_outside(ordered, lower - fence, upper + fence),
        n_outliers_z=_outside(ordered, middle - 3.5 * mad / 0.6745, middle + 3.5 * mad / 0.6745)
        if mad
        else 0,
        histogram=sorted_values.histogram(ordered, limits.bars),
        bins=sorted_values.bins(ordered),
    )


def _outside(ordered: Array, low: float, high: float) -> int:
    return int(np.searchsorted(ordered, low, "left") + len(ordered) - np.searchsorted(ordered, high, "right"))


def _is_whole(ordered: Array) -> bool:
    if ordered.dtype.kind != "f":
        return True
    if not all(float(value).is_integer() for value in ordered[:: max(1, len(ordered) // 100)]):
        return False
    return bool((ordered == np.floor(ordered)).all())
