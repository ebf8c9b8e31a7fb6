"""The z-test of two shares with a pooled deviation (Pearson 1900): of a column of two values, or of counts of rows."""

from __future__ import annotations

import math

from mlregistry.ml.drift.measures.figure import Figure
from mlregistry.ml.drift.sides import Categories, Compared


def first_value(compared: Compared) -> Figure:
    """Of the first value in order against all others, as Evidently's `z`."""
    categories = compared if isinstance(compared, Categories) else compared.categories()
    there = (categories.reference > 0) | (categories.current > 0)
    reference, current = categories.reference[there], categories.current[there]
    return of_counts(float(reference[0]), categories.n_reference, float(current[0]), categories.n_current)


def of_counts(found: float, n: float, found_now: float, n_now: float) -> Figure:
    """Of `found` among `n` rows against `found_now` among `n_now`."""
    together = (found + found_now) / (n + n_now)
    spread = math.sqrt(together * (1 - together) * (1 / n + 1 / n_now))
    if not spread:
        return Figure(0.0, 1.0, 2)
    z = (found / n - found_now / n_now) / spread
    return Figure(z, math.erfc(abs(z) / math.sqrt(2)), 2)
