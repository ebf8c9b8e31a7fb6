"""What tells clusters apart: sizes, a map of the rows, and each column in a cluster against the whole table.

Called by clustering training; pages draw it.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.decomposition import PCA

from mlregistry.ml.pipelines import column_type

Array = npt.NDArray[Any]
Curve = dict[str, Any]
MOST_CLUSTERS = 30
MOST_COLUMNS = 12
TOP_VALUES = 3
MOST_POINTS = 1_000


def name_of(label: int) -> str:
    return "noise" if label < 0 else f"cluster {label}"


def draw(frame: pd.DataFrame, matrix: Array, labels: Array, seed: int) -> dict[str, Curve]:
    """Sizes, map and profiles of the fitted rows; at most 30 clusters, the largest ones."""
    counts = pd.Series(labels).value_counts()
    shown = [int(label) for label in counts.index[:MOST_CLUSTERS]]
    sizes = {
        "type": "bars", "title": "Sizes of the clusters", "x_title": "Training rows", "y_title": "Cluster",
        "labels": [name_of(label) for label in shown], "values": [int(counts[label]) for label in shown],
    }  # fmt: skip
    profiles = {
        "type": "profiles", "title": "What tells the clusters apart",
        "clusters": [_profile(frame, labels, label) for label in shown],
    }  # fmt: skip
    return {"sizes": sizes, "map": _map(matrix, labels, sorted(shown), seed), "profiles": profiles}


def _map(matrix: Array, labels: Array, shown: list[int], seed: int) -> Curve:
    """The rows on the two directions of most variance (Pearson 1901)."""
    rows = np.flatnonzero(np.isin(labels, shown))
    if len(rows) > MOST_POINTS:
        rows = np.sort(np.random.default_rng(seed).choice(rows, MOST_POINTS, replace=False))
    found = PCA(min(2, matrix.shape[1], len(matrix)), random_state=seed).fit(matrix)
    places = found.transform(matrix[rows])
    if places.shape[1] < 2:
        places = np.column_stack([places, np.zeros(len(places))])
    shares = [*found.explained_variance_ratio_, 0.0]
    series = [
        {
            "name": name_of(label),
            "x": [round(float(value), 6) for value in places[labels[rows] == label, 0]],
            "y": [round(float(value), 6) for value in places[labels[rows] == label, 1]],
        }
        for label in shown
    ]
    return {
        "type": "scatter", "title": "Map of the rows", "x_title": f"First component ({shares[0]:.0%})",
        "y_title": f"Second component ({shares[1]:.0%})", "series": series,
    }  # fmt: skip


def _profile(frame: pd.DataFrame, labels: Array, label: int) -> dict[str, Any]:
    """The columns that differ most from the whole come first."""
    inside = labels == label
    columns = [_column(frame[name], inside) for name in frame.columns]
    told = sorted((one for one in columns if one), key=lambda one: -abs(one["distance"]))
    return {
        "name": name_of(label), "n_rows": int(inside.sum()), "share": float(inside.mean()),
        "columns": told[:MOST_COLUMNS],
    }  # fmt: skip


def _column(column: pd.Series[Any], inside: Array) -> dict[str, Any] | None:
    """A number by its mean, in deviations of the whole from the whole's mean; else by its most telling values."""
    name = str(column.name)
    if column_type(column) in ("integer", "float", "boolean"):
        values = pd.to_numeric(column, errors="coerce").to_numpy(dtype=np.float64, na_value=np.nan)
        known = values[~np.isnan(values)]
        own = values[inside & ~np.isnan(values)]
        if not len(own) or not known.std():
            return None
        mean, whole = float(own.mean()), float(known.mean())
        distance = (mean - whole) / float(known.std())
        return {"name": name, "mean": mean, "whole": whole, "distance": round(distance, 6), "values": []}
    if column_type(column) == "datetime":
        return None
    shares = column[inside].astype(str).where(column[inside].notna()).value_counts(normalize=True)
    whole_shares = column.astype(str).where(column.notna()).value_counts(normalize=True)
    if not len(shares):
        return None
    gains = (shares - whole_shares.reindex(shares.index)).sort_values(ascending=False, kind="stable")
    telling = [
        {"value": str(value)[:60], "share": float(shares[value]), "whole": float(whole_shares[value])}
        for value in gains.index[:TOP_VALUES]
    ]
    return {
        "name": name,
        "mean": None,
        "whole": None,
        "distance": round(float(gains.iloc[0]), 6),
        "values": telling,
    }
