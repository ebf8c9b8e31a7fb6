"""Differences between two models on the same test rows. Called by comparisons of runs."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import stats

from mlregistry.ml.comparing.paired import CONFIDENCE, Estimate

Array = npt.NDArray[Any]


def bootstrapped(one: Array, other: Array, difference: float, shrink: float = 1.0) -> tuple[Estimate, float]:
    """The difference `one` − `other` of a metric over the same resamples (paired bootstrap), and its p-value.

    The interval is the percentile one; p is twice the smaller share of resamples on either side of 0, with one added
    so that it is never 0 (Davison and Hinkley 1997). `shrink` is as for an interval of fewer rows than there are.
    """
    found = one.astype(np.float64) - other.astype(np.float64)
    found = found[np.isfinite(found)]
    if not len(found):
        return Estimate(difference, float("nan"), float("nan"), float("nan")), 1.0
    found = difference + shrink * (found - found.mean())
    low, high = np.quantile(found, [(1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2])
    side = min(int((found <= 0).sum()), int((found >= 0).sum()))
    p = min(1.0, 2 * (side + 1) / (len(found) + 1))
    return Estimate(difference, float(found.std()), float(low), float(high)), p


def mcnemar(one_right: Array, other_right: Array) -> tuple[int, int, float]:
    """Rows that only one and only the other gets right, and the exact two-sided p (McNemar 1947; binomial)."""
    only_one = int((one_right & ~other_right).sum())
    only_other = int((other_right & ~one_right).sum())
    if only_one + only_other == 0:
        return 0, 0, 1.0
    return only_one, only_other, float(stats.binomtest(only_one, only_one + only_other, 0.5).pvalue)
