"""Selection by correlation pruning; made through the table of methods."""

from __future__ import annotations

import numpy as np
from scipy.cluster import hierarchy

from mlregistry.ml.selection.association import THRESHOLD, association, between, clusters, tree
from mlregistry.ml.selection.ranking import Array, Ranking, RankingSelector, indicators, needed, sample


class CorrelationSelector(RankingSelector):
    """Cuts the tree of associations into as many clusters as features are wanted; each sends its best.

    The best of a cluster is the feature most associated with the target. By itself it cuts at 0.8.
    """

    def _rank(self, X: Array, y: Array | None, groups: Array, varies: Array) -> Ranking:
        rows = sample(len(X), self.seed)
        target = indicators(needed(y)[rows], self.kind)
        relevance = between(X[rows], groups, target, np.zeros(target.shape[1], dtype=np.int64))[:, 0]
        kept = np.flatnonzero(varies)
        close = association(X[rows], groups)[np.ix_(kept, kept)]
        own = int(clusters(close, THRESHOLD).max()) + 1
        return Ranking(relevance, kept[_order(close, relevance[kept])], own)


def _order(close: Array, relevance: Array) -> Array:
    """The features in the order in which cutting the tree once more brings them in."""
    if len(close) < 2:
        return np.arange(len(close))
    joined = tree(close)
    order: list[int] = []
    for n_clusters in range(1, len(close) + 1):
        members = hierarchy.cut_tree(joined, n_clusters=n_clusters)[:, 0]
        for number in np.unique(members):
            inside = np.flatnonzero(members == number)
            best = int(inside[np.argmax(relevance[inside])])
            if best not in order:
                order.append(best)
    return np.array(order)
