"""What is seen on the way through a column and only alerts ask for; no part of the stored profile.

Made by the column modules, read by `alerts`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from mlregistry.ml.profiling.sorted_values import BLOCK, Runs, quantiles
from mlregistry.ml.profiling.source import Array

SENTINELS = frozenset(
    sign * value
    for value in (99, 999, 9999, 99999, 999999, 9999999, 99999999, 999999999, 8888, 888888, 77777)
    for sign in (1, -1)
) | {-1, -9, -88, -77, -888}
FACTORS: Mapping[float, str] = {
    10.0: "10 (such as mm and cm)",
    100.0: "100 (such as cm and m, or percent and shares)",
    1000.0: "1,000 (such as g and kg)",
    1e6: "1,000,000",
    1e9: "1,000,000,000",
    12.0: "12 (such as months and years)",
    60.0: "60 (such as seconds and minutes)",
    3600.0: "3,600 (such as seconds and hours)",
    86400.0: "86,400 (seconds and days)",
    2.54: "2.54 (inches and cm)",
    2.2046: "2.2046 (kg and pounds)",
    3.2808: "3.28 (m and feet)",
    25.4: "25.4 (inches and mm)",
    30.48: "30.48 (feet and cm)",
    453.59: "453.6 (pounds and g)",
}
LEAST_SHARE = 0.002
LEAST_ROWS = 5
TOLERANCE = 0.12
N_BLOCKS = 20


@dataclass(frozen=True)
class Sentinel:
    """A value far from all others that comes again and again."""

    value: float
    count: int


@dataclass(frozen=True)
class Units:
    """Some values look measured in another unit: `n` of them, or all from row `from_row` on."""

    factor: float
    n: int
    from_row: int | None = None


@dataclass(frozen=True)
class Clues:
    """About one column."""

    sentinels: tuple[Sentinel, ...] = ()
    units: Units | None = None
    rises: bool = False  # strictly, row by row
    is_dense: bool = False  # distinct whole numbers that leave few out
    values: Mapping[str, int] | None = None  # texts with their rows: all of them, or some
    all_values: bool = False


def sentinels(ordered: Array, found: Runs) -> tuple[Sentinel, ...]:
    """At either end of a column: known stand-ins for "missing" that come often and stand apart."""
    if len(found.starts) < 3:
        return ()
    low, high = 0, len(found.starts)
    marks: list[Sentinel] = []
    for _ in range(3):  # -999 may hide behind -9999
        before = (low, high)
        for place in (low, high - 1):
            if high - low >= 3 and _stands_apart(ordered, found, place, low, high):
                marks.append(Sentinel(float(ordered[found.starts[place]]), int(found.counts[place])))
                low, high = (low + 1, high) if place == low else (low, high - 1)
        if before == (low, high):
            break
    return tuple(marks)


def _stands_apart(ordered: Array, found: Runs, place: int, low: int, high: int) -> bool:
    value, count = float(ordered[found.starts[place]]), int(found.counts[place])
    if value not in SENTINELS or count < max(2, LEAST_SHARE * len(ordered)):
        return False
    first, last = (low + 1, high - 1) if place == low else (low, high - 2)
    begin, end = float(ordered[found.starts[first]]), float(ordered[found.starts[last]])
    if value in (-1.0, -9.0):
        return place == low and begin >= 0 and high - low > 4
    rest = ordered[found.starts[first] : found.starts[last] + found.counts[last]]
    middle = quantiles(rest, np.array([0.05, 0.95]))
    return min(abs(value - begin), abs(value - end)) > max(1.0, 0.6 * float(middle[1] - middle[0]))


def units(ordered: Array, found: Runs) -> Units | None:
    """Two groups of positive values apart by the factor of two units of the same thing."""
    begin = int(np.searchsorted(ordered, 0, side="right"))
    if begin > 0.2 * len(ordered) or len(found.starts) < 20:
        return None
    positive = found.starts[int(np.searchsorted(found.starts, begin)) :]
    if len(positive) < 20:
        return None
    split, largest = _largest_step(ordered, positive)
    first_above = int(positive[split + 1])
    low, high = ordered[begin:first_above], ordered[first_above:]
    fewer = min(len(low), len(high))
    if fewer < max(LEAST_ROWS, LEAST_SHARE * len(ordered)):
        return None
    factor = _factor(_middle(high) / _middle(low))
    larger = low if len(low) > len(high) else high
    spread = np.log10(float(larger[-1]) / float(larger[0]))
    apart = largest > max(0.2, 0.5 * spread)
    return Units(factor, fewer) if factor and apart else None


def _largest_step(ordered: Array, starts: npt.NDArray[np.integer[Any]]) -> tuple[int, float]:
    """Between neighbouring distinct values, in powers of ten: after which one, and how far."""
    found = (0, -np.inf)
    for begin in range(0, len(starts) - 1, BLOCK):
        values = ordered[starts[begin : begin + BLOCK + 1]].astype(np.float64)
        steps = np.diff(np.log10(values))
        place = int(np.argmax(steps))
        if steps[place] > found[1]:
            found = (begin + place, float(steps[place]))
    return found


def step(values: Array) -> Units | None:
    """From some row on all values are larger or smaller by the factor of two units."""
    size = len(values) // N_BLOCKS
    if size < LEAST_ROWS:
        return None
    stride = max(1, size // 500)
    blocks = [values[i * size : (i + 1) * size : stride] for i in range(N_BLOCKS)]
    middles = np.array([np.median(block) for block in blocks])
    if (middles <= 0).any():
        return None
    logs = np.log10(middles)
    split = int(np.argmax(np.abs(np.diff(logs)))) + 1
    before, after = logs[:split], logs[split:]
    within = max(float(np.ptp(before)), float(np.ptp(after)))
    change = float(np.median(after) - np.median(before))
    factor = _factor(10 ** abs(change))
    if factor is None or factor < 10 or within > 0.25 * abs(change):
        return None
    return Units(factor, len(values) - split * size, from_row=split * size)


def _factor(ratio: float) -> float | None:
    return next((factor for factor in FACTORS if abs(ratio / factor - 1) <= TOLERANCE), None)


def _middle(ordered: Array) -> float:
    return float(quantiles(ordered, np.array([0.5]))[0])


def rises(values: Array) -> bool:
    return len(values) > 1 and bool((values[1:] > values[:-1]).all())
