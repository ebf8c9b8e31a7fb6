"""The rows that boosting keeps back to see when more trees stop helping. Called by both packages' estimators."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]
ONE_IN = 10
LEAST_HELD = 20


def parted(target: Array, patience: int | None, seed: int, *, is_class: bool) -> tuple[Array, Array]:
    """Rows to fit on and rows kept back, a tenth of each class; none is kept back without patience or of few rows."""
    n = len(target)
    if patience is None or n // ONE_IN < LEAST_HELD:
        return np.arange(n), np.arange(0)
    rows = np.random.default_rng(seed).permutation(n)
    if is_class:
        rows = rows[np.argsort(target[rows], kind="stable")]
    is_held = np.zeros(n, dtype=bool)
    is_held[rows[ONE_IN - 1 :: ONE_IN]] = True
    return np.flatnonzero(~is_held), np.flatnonzero(is_held)
