"""Rows that stand alone, by an isolation forest (Liu, Ting and Zhou 2008) on the sample. Called by depths."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from mlregistry.lib.lazily import lazily
from mlregistry.ml.profiling.document import Column, OddRow, Outliers
from mlregistry.ml.profiling.limits import ProfileLimits
from mlregistry.ml.profiling.sample import Floats, Sample

if TYPE_CHECKING:
    from sklearn import ensemble
else:
    ensemble = lazily("sklearn.ensemble")

ODD = 0.6
LEAST_ROWS = 50
NAMED_COLUMNS = 3


def outliers(
    sample: Sample, columns: Sequence[Column], target: str | None, limits: ProfileLimits, seed: int
) -> Outliers | None:
    """None without numeric columns or with fewer than 50 rows; gaps stand at the median."""
    numeric = [
        column
        for column in columns
        if column.kind == "numeric" and column.name in sample.floats and column.name != target
    ][: limits.correlated_columns]
    rows = sample.thinned(limits.forest_rows)
    if not numeric or rows.n < LEAST_ROWS:
        return None
    far = np.column_stack([_far(rows.floats[column.name], column) for column in numeric])
    n_drawn = min(256, rows.n)
    forest = ensemble.IsolationForest(n_estimators=100, max_samples=n_drawn, random_state=seed, n_jobs=1)
    scores = -forest.fit(far).score_samples(far)
    odd = np.flatnonzero(scores >= ODD)
    oddest = odd[np.argsort(-scores[odd], kind="stable")][: limits.odd_rows]
    return Outliers(
        rows.n, len(odd), tuple(_odd_row(rows, place, scores, far, numeric) for place in oddest.tolist())
    )


def _far(values: Floats, column: Column) -> Floats:
    """Robust distances from the median, clipped to what float32 trees hold."""
    assert column.numbers is not None  # noqa: S101  # it is numeric
    scale = column.numbers.mad or column.numbers.deviation or 1.0
    return np.clip(np.nan_to_num((values - column.numbers.quantiles["0.5"]) / scale), -1e12, 1e12)


def _odd_row(rows: Sample, place: int, scores: Floats, far: Floats, numeric: Sequence[Column]) -> OddRow:
    order = np.argsort(-np.abs(far[place]), kind="stable")[:NAMED_COLUMNS]
    return OddRow(
        int(rows.rows[place]), float(scores[place]), tuple(numeric[column].name for column in order.tolist())
    )
