"""How much of the score's variance each param explains by itself. Called by the queries of studies, for charts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from statistics import fmean
from typing import Any

MOST_BINS = 8
LEAST_TRIALS = 8
MOST_TRIALS = 2000


def ranked(params: Sequence[Mapping[str, Any]], values: Sequence[float]) -> list[tuple[str, float]]:
    """The main effect of each param: the first-order term of a functional analysis of variance (Hutter et al. 2014),
    estimated by bins of equal counts and freed of chance (omega squared, Hays 1963), on the trials that have it.

    The largest first; params that explain nothing, or of which fewer than eight trials tell, are left out.
    """
    rows = list(zip(params, values, strict=True))[-MOST_TRIALS:]
    names = dict.fromkeys(name for one, _ in rows for name in one)
    total = _spread([value for _, value in rows])
    found = []
    for name in names:
        having = [(one[name], value) for one, value in rows if name in one]
        if len(having) < LEAST_TRIALS or total <= 0:
            continue
        share = _omega_squared(_groups(having)) * _spread([value for _, value in having]) / total
        if share > 0:
            found.append((name, min(1.0, share)))
    return sorted(found, key=lambda one: -one[1])


def _groups(having: list[tuple[Any, float]]) -> list[list[float]]:
    """The scores by value of the param, or by bins of equal counts where there are many values."""
    by_value: dict[str, list[float]] = {}
    for value, score in having:
        by_value.setdefault(f"{type(value).__name__}:{value}", []).append(score)
    numbers = all(isinstance(value, int | float) and not isinstance(value, bool) for value, _ in having)
    if not numbers or len(by_value) <= MOST_BINS:
        return list(by_value.values())
    ordered = [score for _, score in sorted(having, key=lambda one: one[0])]
    n_bins = max(2, min(MOST_BINS, len(ordered) // 4))
    ends = [round(place * len(ordered) / n_bins) for place in range(n_bins + 1)]
    return [ordered[a:b] for a, b in pairwise(ends) if b > a]


def _omega_squared(groups: list[list[float]]) -> float:
    n = sum(map(len, groups))
    if len(groups) < 2 or n <= len(groups):
        return 0.0
    whole = [score for group in groups for score in group]
    total = _spread(whole)
    inside = sum(_spread(group) for group in groups)
    noise = inside / (n - len(groups))
    return max(0.0, (total - inside - (len(groups) - 1) * noise) / (total + noise)) if total > 0 else 0.0


def _spread(values: list[float]) -> float:
    """The sum of squares around the mean."""
    if not values:
        return 0.0
    middle = fmean(values)
    return sum((value - middle) ** 2 for value in values)
