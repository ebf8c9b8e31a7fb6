"""How a script clusters; the writer keeps of each `if` the branch that the run took."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.base import clone
from sklearn.pipeline import Pipeline

from mlregistry.ml import splits, training_steps
from mlregistry.ml.clustering import metrics as clustering_metrics
from mlregistry.ml.clustering.metrics import Clusters
from mlregistry.ml.clustering.stability import stability
from mlregistry.ml.recipes import Split
from mlregistry.ml.steps import rows as row_steps

Array = npt.NDArray[Any]
KNOWN_GROUPS = ""
FEATURES: list[str] = []
SEED = 0
SPLIT: dict[str, Any] = {}
REPEATED_IN: list[Any] = []
GAPS_IN: list[tuple[Any, str]] = []
DROPS_REPEATS = DROPS_GAPS = HAS_GROUPS = False
NO_TARGET = "\x00no target"


def train(table: pd.DataFrame) -> dict[str, float]:
    """Split, fit, shake, measure: the metrics of the run under its names."""
    plan = Split(**SPLIT)
    order = training_steps.order_of(table, plan)
    parts = splits.split(np.zeros(len(table)), plan, classes=False, seed=SEED, order=order)
    training = kept(table, parts.train)
    pipeline = make_pipeline()
    matrix = np.asarray(pipeline[:-1].fit_transform(table[FEATURES].iloc[training]))
    estimator = pipeline.steps[-1][1].fit(matrix)
    steady = stability(decided(estimator), matrix, SEED)
    groups = None
    if HAS_GROUPS:
        groups = pd.factorize(table[KNOWN_GROUPS])[0]
    found: dict[str, float] = {}
    for name, rows in (("train", training), ("validation", parts.validation), ("test", parts.test)):
        if len(rows):
            matrix = np.asarray(pipeline[:-1].transform(table[FEATURES].iloc[rows]))
            known = None if groups is None else groups[rows]
            clusters = Clusters(matrix, estimator.predict(matrix), known, steady, SEED)
            found |= {f"{name}_{metric}": value for metric, value in measure(clusters).items()}
    return found


def make_pipeline() -> Pipeline:
    """Every script has its own."""
    raise NotImplementedError


def kept(table: pd.DataFrame, rows: Array) -> Array:
    """The training rows without those that the recipe leaves out."""
    table = table[FEATURES].assign(**{NO_TARGET: 0})
    if DROPS_REPEATS:
        for columns in REPEATED_IN:
            rows = rows[row_steps.without_duplicates(table.iloc[rows], NO_TARGET, columns)]
    if DROPS_GAPS:
        for columns, which in GAPS_IN:
            rows = rows[row_steps.without_gaps(table.iloc[rows], NO_TARGET, columns, which)]
    return rows


def decided(estimator: Any) -> Any:
    """The same with what it chose for itself, so that resampling shakes the clusters and not the choice."""
    chosen = {"n_clusters": "k_", "eps": "eps_"}
    values = {name: getattr(estimator, mark) for name, mark in chosen.items() if hasattr(estimator, mark)}
    return clone(estimator).set_params(**values)


def measure(clusters: Clusters) -> dict[str, float]:
    """Every metric that is defined on these rows."""
    values = {name: float(one.function(clusters)) for name, one in clustering_metrics.TABLE.items()}
    return {name: value for name, value in values.items() if math.isfinite(value)}
