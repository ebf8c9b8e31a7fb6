"""Selection by variance; made through the table of methods."""

from __future__ import annotations

import numpy as np

from mlregistry.ml.selection.ranking import Array, Ranking, RankingSelector, best_first, largest


class VarianceSelector(RankingSelector):
    """By the variance of each column stretched to 0 … 1, so that neither units nor scaling matter.

    It is 0.25 for an even yes or no and near 0 for a column that differs in a few rows only. A feature counts by
    its column of most variance.
    """

    def _rank(self, X: Array, y: Array | None, groups: Array, varies: Array) -> Ranking:
        spread = np.ptp(X, axis=0)
        variances = X.var(axis=0) / np.where(spread > 0, spread, 1.0) ** 2
        scores = largest(groups, variances)
        return Ranking(scores, best_first(scores, varies), int(varies.sum()))
