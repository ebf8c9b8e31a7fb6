"""How good a clustering is. Rows of the table in ml.metrics; noise (−1) is left out except where it is counted."""

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
    from sklearn import metrics as sk

    Array = npt.NDArray[Any]
else:
    np, sk = lazily("numpy"), lazily("sklearn.metrics")

MOST_ROWS = 10_000


@dataclass(frozen=True)
class Clusters:
    """Rows as the estimator sees them with the cluster of each, known groups where there are any, and a seed.

    `stability` is measured once for a training, by clusterings of resampled rows.
    """

    matrix: Array
    labels: Array
    known: Array | None = None
    stability: float = math.nan
    seed: int = 0


def silhouette(clusters: Clusters) -> float:
    """Mean of (b − a) / max(a, b) over rows (Rousseeuw 1987), on a sample of 10,000 rows of a larger table."""
    return _inner(clusters, sk.silhouette_score)


def davies_bouldin(clusters: Clusters) -> float:
    """Mean likeness of each cluster and the one most like it (Davies and Bouldin 1979)."""
    return _inner(clusters, sk.davies_bouldin_score)


def calinski_harabasz(clusters: Clusters) -> float:
    """Dispersion between clusters over that within, per degree of freedom (Caliński and Harabasz 1974)."""
    return _inner(clusters, sk.calinski_harabasz_score)


def noise_share(clusters: Clusters) -> float:
    return float((clusters.labels < 0).mean()) if len(clusters.labels) else math.nan


def adjusted_rand(clusters: Clusters) -> float:
    """Agreement with the known groups, 0 by chance and 1 in full (Hubert and Arabie 1985); noise is a cluster."""
    return (
        math.nan if clusters.known is None else float(sk.adjusted_rand_score(clusters.known, clusters.labels))
    )


def mutual_information(clusters: Clusters) -> float:
    """Normalized by the mean of the entropies (Strehl and Ghosh 2002); noise is a cluster."""
    if clusters.known is None:
        return math.nan
    return float(sk.normalized_mutual_info_score(clusters.known, clusters.labels))


def _inner(clusters: Clusters, score: Callable[[Array, Array], float]) -> float:
    """Of a measure that needs at least 2 clusters and more rows than clusters."""
    rows = np.flatnonzero(clusters.labels >= 0)
    if len(rows) > MOST_ROWS:
        chance = np.random.default_rng(clusters.seed)
        rows = np.sort(chance.choice(rows, MOST_ROWS, replace=False))
    n_clusters = len(np.unique(clusters.labels[rows]))
    if not 2 <= n_clusters < len(rows):
        return math.nan
    return float(score(clusters.matrix[rows], clusters.labels[rows]))


TABLE = table(
    Metric("silhouette", "Silhouette", MAXIMIZE, silhouette),
    Metric("davies_bouldin", "Davies–Bouldin", MINIMIZE, davies_bouldin),
    Metric("calinski_harabasz", "Calinski–Harabasz", MAXIMIZE, calinski_harabasz),
    Metric("stability", "Stability over resampling", MAXIMIZE, lambda clusters: clusters.stability),
    Metric("noise_share", "Share of noise", MINIMIZE, noise_share),
    Metric("adjusted_rand", "Adjusted Rand against known groups", MAXIMIZE, adjusted_rand),
    Metric(
        "normalized_mutual_info",
        "Normalized mutual information with known groups",
        MAXIMIZE,
        mutual_information,
    ),
)
