"""Clusterings that answer new rows, with what they went by when they chose their own number. The catalogue names them.

Each has `labels_` of the fitted rows (−1: noise), `predict` for others, and `choice_`: charts of the choice.
"""

from __future__ import annotations

from typing import Any, Self

import numpy as np
import numpy.typing as npt
from sklearn.base import BaseEstimator, ClusterMixin
from sklearn.cluster import DBSCAN, HDBSCAN, AgglomerativeClustering, KMeans, MiniBatchKMeans
from sklearn.metrics import pairwise_distances_argmin_min, silhouette_score
from sklearn.mixture import GaussianMixture
from sklearn.neighbors import NearestNeighbors

from mlregistry.errors import Invalid

Array = npt.NDArray[Any]
Chart = dict[str, Any]
MOST_TRIED_ROWS = 3_000
MOST_AGGLOMERATED = 20_000
MOST_DENSE = 100_000
SHOWN_POINTS = 200


class Numbered(ClusterMixin, BaseEstimator):  # type: ignore[misc]  # scikit-learn has no types
    """A clustering into `n_clusters`; without that number, the one from 2 to `most_clusters` that does best."""

    n_clusters: int | None
    most_clusters: int
    random_state: int

    def fit(self, X: Array, y: Any = None) -> Self:
        n_different = len(np.unique(X, axis=0))
        if self.n_clusters is not None and self.n_clusters > n_different:
            raise Invalid(
                f"{self.n_clusters} clusters were asked for, but the training rows hold {n_different} different"
                " ones after preparation; ask for fewer.",
                field="params.n_clusters",
            )
        if n_different < 2:
            raise Invalid("All training rows are alike after preparation; there is nothing to cluster.")
        self.choice_: dict[str, Chart] = {}
        self.k_ = self.n_clusters or self._chosen(X, min(self.most_clusters, n_different - 1))
        self._learn(X, self.k_)
        return self

    def _chosen(self, X: Array, most: int) -> int:
        """By the silhouette of a sample; 2 where there is no choice."""
        rows = _sample(X, self.random_state)
        tried = list(range(2, most + 1))
        scores = []
        for k in tried:
            labels = np.asarray(self._made(k).fit_predict(rows))
            several = 2 <= len(np.unique(labels)) < len(rows)
            scores.append(float(silhouette_score(rows, labels)) if several else -1.0)
        if not tried:
            return 2
        self.choice_["choice_of_k"] = _chart("Choice of the number of clusters", "Silhouette", tried, scores)
        return tried[int(np.argmax(scores))]

    def _made(self, k: int) -> Any:
        raise NotImplementedError

    def _learn(self, X: Array, k: int) -> None:
        self.model_ = self._made(k).fit(X)
        self.labels_ = np.asarray(self.model_.predict(X), dtype=np.int64)

    def predict(self, X: Array) -> Array:
        return np.asarray(self.model_.predict(X), dtype=np.int64)


class Means(Numbered):
    """k-means (Lloyd 1982, started by k-means++), or by mini-batches (Sculley 2010)."""

    def __init__(
        self, n_clusters: int | None = None, most_clusters: int = 10, n_init: int = 10, batch: bool = False,
        random_state: int = 0,
    ) -> None:  # fmt: skip
        self.n_clusters, self.most_clusters, self.n_init = n_clusters, most_clusters, n_init
        self.batch, self.random_state = batch, random_state

    def _made(self, k: int) -> Any:
        maker = MiniBatchKMeans if self.batch else KMeans
        return maker(k, n_init=self.n_init, random_state=self.random_state)


class Mixture(Numbered):
    """Gaussian mixture; its number of components by the least BIC (Schwarz 1978)."""

    def __init__(
        self, n_clusters: int | None = None, most_clusters: int = 10, covariance: str = "full",
        random_state: int = 0,
    ) -> None:  # fmt: skip
        self.n_clusters, self.most_clusters = n_clusters, most_clusters
        self.covariance, self.random_state = covariance, random_state

    def _made(self, k: int) -> Any:
        return GaussianMixture(k, covariance_type=self.covariance, random_state=self.random_state)

    def _chosen(self, X: Array, most: int) -> int:
        rows, tried = _sample(X, self.random_state), list(range(1, most + 1))
        scores = [float(self._made(k).fit(rows).bic(rows)) for k in tried]
        self.choice_["choice_of_k"] = _chart(
            "Choice of the number of clusters", "BIC (less is better)", tried, scores
        )
        return tried[int(np.argmin(scores))]


class Agglomerated(Numbered):
    """Clusters merged from below (Ward 1963 and others); a new row belongs to the nearest centroid."""

    def __init__(
        self, n_clusters: int | None = None, most_clusters: int = 10, linkage: str = "ward",
        random_state: int = 0,
    ) -> None:  # fmt: skip
        self.n_clusters, self.most_clusters = n_clusters, most_clusters
        self.linkage, self.random_state = linkage, random_state

    def _made(self, k: int) -> Any:
        return AgglomerativeClustering(k, linkage=self.linkage)

    def _learn(self, X: Array, k: int) -> None:
        _refuse(len(X), MOST_AGGLOMERATED, "Agglomerative clustering")
        self.labels_ = np.asarray(self._made(k).fit_predict(X), dtype=np.int64)
        self.centres_ = np.array([X[self.labels_ == label].mean(axis=0) for label in range(k)])

    def predict(self, X: Array) -> Array:
        places, _ = pairwise_distances_argmin_min(X, self.centres_)
        return np.asarray(places, dtype=np.int64)


class Dense(ClusterMixin, BaseEstimator):  # type: ignore[misc]  # scikit-learn has no types
    """What DBSCAN and HDBSCAN share: a new row belongs to the nearest point's cluster if it lies within its reach."""

    def predict(self, X: Array) -> Array:
        places, distances = pairwise_distances_argmin_min(X, self.points_)
        return np.where(distances <= self.reach_[places], self.of_points_[places], -1)

    def _keep(self, X: Array, labels: Array, points: Array, reach: Array) -> None:
        self.labels_ = np.asarray(labels, dtype=np.int64)
        if not (self.labels_ >= 0).any():
            raise Invalid(
                "Every training row is noise, so there is no cluster; let clusters be less dense"
                f" ({self.remedy}) or scale the columns.",
                field="params",
            )
        self.points_, self.of_points_, self.reach_ = X[points], self.labels_[points], reach

    remedy = ""


class DensityReach(Dense):
    """DBSCAN (Ester et al. 1996). Without `eps`, the knee of the distances to the `min_samples`-th neighbour."""

    remedy = "a larger eps or fewer min_samples"

    def __init__(self, eps: float | None = None, min_samples: int = 5) -> None:
        self.eps, self.min_samples = eps, min_samples

    def fit(self, X: Array, y: Any = None) -> Self:
        _refuse(len(X), MOST_DENSE, "DBSCAN")
        self.choice_: dict[str, Chart] = {}
        eps = self.eps or self._knee(X)
        found = DBSCAN(eps=eps, min_samples=self.min_samples).fit(X)
        self.eps_ = eps
        core = found.core_sample_indices_
        self._keep(X, found.labels_, core, np.full(len(core), eps))
        return self

    def _knee(self, X: Array) -> float:
        """Where the sorted distances lie farthest below the line from the first to the last."""
        k = min(self.min_samples, len(X) - 1)
        distances = np.sort(NearestNeighbors(n_neighbors=k).fit(X).kneighbors()[0][:, -1])
        line = np.linspace(distances[0], distances[-1], len(distances))
        place = int(np.argmax(line - distances))
        shown = np.unique(np.linspace(0, len(distances) - 1, min(len(distances), SHOWN_POINTS)).astype(int))
        self.choice_["choice_of_eps"] = _chart(
            f"Choice of eps: the knee, at {distances[place]:.4g}", f"Distance to neighbour {k}",
            shown.tolist(), distances[shown].tolist(), x_title="Rows, by distance",
        )  # fmt: skip
        return float(max(distances[place], 1e-12))


class DensityTree(Dense):
    """HDBSCAN (Campello et al. 2013). A point reaches as far as its `min_samples`-th neighbour in its cluster."""

    remedy = "a smaller min_cluster_size or fewer min_samples"

    def __init__(self, min_cluster_size: int = 15, min_samples: int | None = None) -> None:
        self.min_cluster_size, self.min_samples = min_cluster_size, min_samples

    def fit(self, X: Array, y: Any = None) -> Self:
        _refuse(len(X), MOST_DENSE, "HDBSCAN")
        self.choice_: dict[str, Chart] = {}
        if self.min_cluster_size > len(X):
            raise Invalid(
                f"A cluster of {self.min_cluster_size} rows is larger than the {len(X)} training rows.",
                field="params.min_cluster_size",
            )
        found = HDBSCAN(min_cluster_size=self.min_cluster_size, min_samples=self.min_samples, copy=True).fit(
            X
        )
        inside = np.flatnonzero(found.labels_ >= 0)
        k = min(self.min_samples or self.min_cluster_size, len(X) - 1)
        reach = NearestNeighbors(n_neighbors=k).fit(X).kneighbors()[0][:, -1]
        self._keep(X, found.labels_, inside, reach[inside])
        return self


def _sample(X: Array, seed: int) -> Array:
    if len(X) <= MOST_TRIED_ROWS:
        return X
    return X[np.random.default_rng(seed).choice(len(X), MOST_TRIED_ROWS, replace=False)]


def _chart(title: str, y_title: str, x: list[int], y: list[float], x_title: str = "Clusters") -> Chart:
    series = [{"name": y_title, "x": x, "y": [round(value, 10) for value in y]}]
    return {
        "type": "lines", "title": title, "x_title": x_title, "y_title": y_title, "series": series,
        "markers": len(x) <= 50,
    }  # fmt: skip


def _refuse(n_rows: int, most: int, title: str) -> None:
    if n_rows > most:
        raise Invalid(
            f"{title} takes at most {most:,} training rows, and there are {n_rows:,}; mini-batch k-means takes"
            " any number.",
            field="estimator",
        )
