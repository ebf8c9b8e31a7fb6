"""Which of several trained models to use, by honest figures and by price. Called by the queries of "Just train it"."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean, stdev


@dataclass(frozen=True)
class Priced:
    """The metric on each part that had no say in the weights, and the milliseconds of one request if known."""

    by_part: tuple[float, ...]
    ms_per_request: float | None = None


def choice(priced: Sequence[Priced], *, direction: str, fast: bool = False) -> int | None:
    """The place of the best mean; with `fast` the fastest within one standard error of it (Breiman et al. 1984).

    The error is of the differences between the same parts. None when there is nothing to choose from.
    """
    if not priced:
        return None
    sign = 1.0 if direction == "maximize" else -1.0
    means = [sign * fmean(one.by_part) for one in priced]
    best = max(range(len(priced)), key=lambda place: means[place])
    if not fast:
        return best
    near = [
        place
        for place, one in enumerate(priced)
        if len(one.by_part) == len(priced[best].by_part)
        and means[best] - means[place] <= _error(priced[best].by_part, one.by_part)
    ]
    return min(near, key=lambda place: (_time(priced[place]), -means[place]))


def _time(one: Priced) -> float:
    return math.inf if one.ms_per_request is None else one.ms_per_request


def _error(left: Sequence[float], right: Sequence[float]) -> float:
    differences = [a - b for a, b in zip(left, right, strict=True)]
    return stdev(differences) / math.sqrt(len(differences)) if len(differences) > 1 else 0.0
