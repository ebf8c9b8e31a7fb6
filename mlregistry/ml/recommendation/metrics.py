"""How good ranked lists are, from which items of each list were relevant. Rows of the table in ml.metrics.

R are a user's relevant items in the test, L the first k items recommended. Means are over users with |R| > 0.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mlregistry.lib.lazily import lazily
from mlregistry.ml.metric_entry import MAXIMIZE, MINIMIZE, Metric, table

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Array = npt.NDArray[Any]
else:
    np = lazily("numpy")

CUTS = (10, 5, 20)
LONGEST = max(CUTS)


@dataclass(frozen=True)
class Ranking:
    """Lists of at most LONGEST items for some users; `items` is −1 behind the end of a shorter list.

    `hits` marks the relevant ones, `n_relevant` counts |R|. `shares` is the share of training users who had
    each item of the catalogue. True and predicted ratings are there for models that predict them.
    """

    items: Array
    hits: Array
    n_relevant: Array
    shares: Array
    ratings: Array | None = None
    predicted_ratings: Array | None = None


def precision(ranking: Ranking, k: int) -> float:
    """|L ∩ R| / k; places that a shorter list leaves empty count as misses (Manning et al. 2008, 8.4)."""
    return _mean(ranking.hits[:, :k].sum(axis=1) / k)


def recall(ranking: Ranking, k: int) -> float:
    """|L ∩ R| / |R| (Manning et al. 2008, 8.3)."""
    return _mean(ranking.hits[:, :k].sum(axis=1) / ranking.n_relevant)


def ndcg(ranking: Ranking, k: int) -> float:
    """Σ rel(i) / log2(i + 1) over the best such sum (Järvelin and Kekäläinen 2002), relevance 0 or 1."""
    return _mean(ndcg_by_user(ranking, k))


def ndcg_by_user(ranking: Ranking, k: int) -> Array:
    discounts = 1 / np.log2(np.arange(2, k + 2))
    best = np.cumsum(discounts)[np.minimum(ranking.n_relevant, k) - 1]
    gained: Array = ranking.hits[:, :k] @ discounts[: ranking.hits.shape[1]]
    scores: Array = gained / best
    return scores


def average_precision(ranking: Ranking, k: int) -> float:
    """Mean over users of Σ precision@i · rel(i) / min(k, |R|) for i = 1…k (Manning et al. 2008, 8.4, cut at k)."""
    hits = ranking.hits[:, :k]
    precisions = np.cumsum(hits, axis=1) / np.arange(1, hits.shape[1] + 1)
    return _mean((precisions * hits).sum(axis=1) / np.minimum(ranking.n_relevant, k))


def coverage(ranking: Ranking, k: int) -> float:
    """The share of the catalogue that is recommended to anyone (Ge, Delgado-Battenfeld and Jannach 2010)."""
    shown = np.unique(ranking.items[:, :k])
    return float((shown >= 0).sum() / len(ranking.shares)) if len(ranking.shares) else math.nan


def novelty(ranking: Ranking, k: int) -> float:
    """Mean of −log2(share of training users who had the item), in bits (Zhou et al. 2010; Vargas and Castells 2011)."""
    shown = ranking.items[:, :k]
    return _mean(-np.log2(ranking.shares[shown[shown >= 0]]))


def rmse(ranking: Ranking) -> float:
    if ranking.ratings is None or ranking.predicted_ratings is None or not len(ranking.ratings):
        return math.nan
    return float(np.sqrt(np.mean((ranking.ratings - ranking.predicted_ratings) ** 2)))


def mae(ranking: Ranking) -> float:
    if ranking.ratings is None or ranking.predicted_ratings is None or not len(ranking.ratings):
        return math.nan
    return float(np.mean(np.abs(ranking.ratings - ranking.predicted_ratings)))


def _mean(values: Array) -> float:
    return float(np.mean(values)) if len(values) else math.nan


def _at(function: Callable[[Ranking, int], float], k: int) -> Callable[[Ranking], float]:
    return lambda ranking: function(ranking, k)


TABLE = table(
    *(
        Metric(f"{name}_at_{k}", f"{title}@{k}", MAXIMIZE, _at(function, k))
        for name, title, function in (
            ("ndcg", "NDCG", ndcg),
            ("recall", "Recall", recall),
            ("precision", "Precision", precision),
            ("map", "MAP", average_precision),
            ("coverage", "Coverage", coverage),
            ("novelty", "Novelty", novelty),
        )
        for k in CUTS
    ),
    Metric("rmse", "RMSE of the ratings", MINIMIZE, rmse),
    Metric("mae", "Mean absolute error of the ratings", MINIMIZE, mae),
)
