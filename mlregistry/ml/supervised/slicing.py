"""The primary metric on parts of the test rows, by the values of each column, the worst first. Called by training."""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from mlregistry.ml import metrics, resampling
from mlregistry.ml.metrics import MAXIMIZE, Outcome
from mlregistry.ml.resampling import Plan
from mlregistry.ml.steps.frames import raw_kind
from mlregistry.ml.supervised.table import Work

Array = npt.NDArray[Any]
LEAST_ROWS = 30
MOST_COLUMNS = 30
MOST_VALUES = 12
N_BINS = 4
MOST_SLICES = 20
N_RESAMPLES = 200
MOST_DRAWN = 2000


def slices(work: Work, rows: Array, outcome: Outcome) -> list[dict[str, Any]]:
    """At most 20 slices of at least 30 rows: column, value, n, value of the metric, 95 % interval.

    A slice is a category (a missing value is one too), or a quarter of a numeric column; slices of the very same rows
    are one, under the first column. Intervals are not widened for the number of slices: of twenty, one lies outside
    by chance.
    """
    chosen = metrics.metric(work.spec.kind, work.spec.primary_metric)
    found = []
    seen: set[bytes] = set()
    for column in work.features[:MOST_COLUMNS]:
        for label, places in _parts(work.frame[column].iloc[rows]):
            value = float(chosen.function(outcome.at(places)))
            rows_of_it = places.tobytes()
            if math.isfinite(value) and rows_of_it not in seen:
                seen.add(rows_of_it)
                found.append((value, str(column), label, places))
    found.sort(key=lambda one: (one[0] if chosen.direction == MAXIMIZE else -one[0], one[1], one[2]))
    return [
        {
            "column": column,
            "label": label,
            "n": len(places),
            "value": value,
            "interval": _interval(work, outcome.at(places)),
        }
        for value, column, label, places in found[:MOST_SLICES]
    ]


def _parts(column: pd.Series[Any]) -> Iterator[tuple[str, Array]]:
    """(label, positions) of the slices of one column that have enough rows."""
    gaps = column.isna().to_numpy()
    if gaps.sum() >= LEAST_ROWS:
        yield "missing", np.flatnonzero(gaps)
    if raw_kind(column) == "number" and column.nunique() > MOST_VALUES:
        yield from _quarters(column.to_numpy(np.float64, na_value=np.nan))
    elif raw_kind(column) != "time":
        counts = column.value_counts()
        for value in counts.index[:MOST_VALUES][counts.to_numpy()[:MOST_VALUES] >= LEAST_ROWS]:
            yield str(value)[:80], np.flatnonzero((column == value).fillna(False).to_numpy(dtype=bool))


def _quarters(values: Array) -> Iterator[tuple[str, Array]]:
    edges = np.unique(np.nanquantile(values, np.linspace(0, 1, N_BINS + 1)))
    for place, (low, high) in enumerate(pairwise(edges)):
        last = place == len(edges) - 2
        inside = (values >= low) & ((values <= high) if last else (values < high))
        if inside.sum() >= LEAST_ROWS:
            yield (
                f"{low:.4g} to {high:.4g}" if last else f"{low:.4g} to below {high:.4g}",
                np.flatnonzero(inside),
            )


def _interval(work: Work, outcome: Outcome) -> list[float] | None:
    n = len(outcome.truth)
    strata = outcome.truth if work.classes else None
    name = work.spec.primary_metric
    if n > MOST_DRAWN:
        return None
    plan = Plan(n, n, strata=strata, n_resamples=N_RESAMPLES)
    drawn = resampling.replicates(work.spec.kind, outcome, plan, (name,)).get(name)
    ends = None if drawn is None else resampling.interval(drawn)
    return None if ends is None or ends[0] == ends[1] else list(ends)
