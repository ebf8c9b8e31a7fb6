"""How a script trains a recommender; the writer keeps of each `if` the branch that the run took."""

from __future__ import annotations

import math
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd

from mlregistry.ml.recipes import Split
from mlregistry.ml.recommendation import evaluating, interactions
from mlregistry.ml.recommendation import metrics as list_metrics
from mlregistry.ml.recommendation.metrics import Ranking
from mlregistry.ml.recommendation.recommender import popular

USER, ITEM, RATING, TIME = "", "", "", ""
SEED = 0
SPLIT: dict[str, Any] = {}
HAS_RATINGS = False


def train(table: pd.DataFrame) -> dict[str, float]:
    """Read who had what, split by time, fit, rank for later rows: the metrics of the run under its names."""
    columns: Any = SimpleNamespace(granularity=(USER, ITEM), target=RATING, time_column=TIME)
    plan = Split(**SPLIT)
    found = interactions.read(columns, plan, table)
    parts = interactions.part(found, plan, SEED)
    liked_from = 0.0
    if HAS_RATINGS:
        assert found.ratings is not None  # noqa: S101  # HAS_RATINGS says so
        liked_from = float(np.median(found.ratings[parts.train]))
    rows, numbering = evaluating.training_rows(found, parts.train, liked_from)
    scoring, seen = make_recommender().fit(rows)
    user_keys, item_keys = found.user_keys[numbering.users >= 0], found.item_keys[numbering.items >= 0]
    model = popular(user_keys, item_keys, seen, scoring)
    measured: dict[str, float] = {}
    for name, held in (("validation", parts.validation), ("test", parts.test)):
        if len(held):
            ranking, _ = evaluating.rank(model, found, numbering, held, liked_from)
            measured |= {f"{name}_{metric}": value for metric, value in measure(ranking).items()}
    return measured


def make_recommender() -> Any:
    """Every script has its own."""
    raise NotImplementedError


def measure(ranking: Ranking) -> dict[str, float]:
    """Every metric that is defined on these lists."""
    values = {name: float(one.function(ranking)) for name, one in list_metrics.TABLE.items()}
    return {name: value for name, value in values.items() if math.isfinite(value)}
