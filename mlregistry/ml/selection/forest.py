"""Selection by a forest's importance; made through the table of methods."""

from __future__ import annotations

from typing import Any

from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor

from mlregistry.ml.selection.ranking import (
    Array,
    Ranking,
    RankingSelector,
    best_first,
    needed,
    sample,
    total,
)


class ForestSelector(RankingSelector):
    """By the mean decrease of impurity in a random forest of 100 trees, summed over a feature's columns.

    It favours features with many values (Strobl et al. 2007); permutation importance does not.
    """

    def _rank(self, X: Array, y: Array | None, groups: Array, varies: Array) -> Ranking:
        rows = sample(len(X), self.seed)
        forest = self._forest().fit(X[rows], needed(y)[rows])
        scores = total(groups, forest.feature_importances_)
        return Ranking(
            scores, best_first(scores, varies), int((scores[varies] > scores[varies].mean()).sum())
        )

    def _forest(self) -> Any:
        if self.kind == "regression":
            return RandomForestRegressor(
                100, min_samples_leaf=3, max_features=1 / 3, random_state=self.seed, n_jobs=1
            )
        return RandomForestClassifier(100, min_samples_leaf=3, random_state=self.seed, n_jobs=1)
