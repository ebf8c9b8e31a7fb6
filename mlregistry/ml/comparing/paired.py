"""Means and paired differences over the folds of a cross-validation, with honest intervals. Called by
selection studies and comparisons of runs.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from scipy import stats

CONFIDENCE = 0.95


@dataclass(frozen=True)
class Estimate:
    """A mean over folds; `error` is its corrected standard error, low and high the 95 % interval."""

    mean: float
    error: float
    low: float
    high: float

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


def estimate(values: Sequence[float], held_share: float) -> Estimate:
    """The mean with the variance that overlapping training sets leave: (1/k + test/train) · s².

    Nadeau and Bengio (2003), with Student's t of k − 1 degrees; `held_share` is held-out rows per fitted row.
    """
    n = len(values)
    mean = float(np.mean(values))
    error = math.sqrt((1 / n + held_share) * float(np.var(values, ddof=1))) if n > 1 else 0.0
    reach = float(stats.t.ppf((1 + CONFIDENCE) / 2, n - 1)) * error if n > 1 else 0.0
    return Estimate(mean, error, mean - reach, mean + reach)


def p_value(found: Estimate, n: int) -> float:
    """Two-sided, for a mean difference of 0 over n folds (the corrected resampled t-test)."""
    if found.error == 0.0:
        return 1.0 if found.mean == 0.0 else 0.0
    return float(2 * stats.t.sf(abs(found.mean) / found.error, n - 1))
