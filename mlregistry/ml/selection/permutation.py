"""Selection by permutation importance; made through the table of methods."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.metrics import r2_score
from sklearn.model_selection import train_test_split

from mlregistry.ml.selection.ranking import Array, Ranking, RankingSelector, best_first, needed, sample

N_REPEATS = 5
HELD_OUT = 0.3


class PermutationSelector(RankingSelector):
    """By how much worse boosted trees score rows they were not fitted on once a feature is shuffled.

    The score is R², or the mean log of the true class's probability; all columns of a feature are shuffled
    together (Breiman 2001, on held-out rows). By itself it keeps what loses more than two deviations.
    """

    def _rank(self, X: Array, y: Array | None, groups: Array, varies: Array) -> Ranking:
        rows = sample(len(X), self.seed)
        fitted, held = self._parts(needed(y)[rows])
        inside, outside = rows[fitted], rows[held]
        score = self._scorer(X[inside], needed(y)[inside], needed(y)[outside])
        losses = _losses(score, X[outside], groups, varies, self.seed)
        scores, deviations = losses.mean(axis=1), losses.std(axis=1)
        own = int((scores[varies] - 2 * deviations[varies] > 0).sum())
        return Ranking(scores, best_first(scores, varies), own)

    def _parts(self, y: Array) -> tuple[Array, Array]:
        whole = self.kind == "regression" or np.unique(y, return_counts=True)[1].min() < 4
        fitted, held = train_test_split(
            np.arange(len(y)), test_size=HELD_OUT, random_state=self.seed, stratify=None if whole else y
        )
        return fitted, held

    def _scorer(self, X: Array, y: Array, truth: Array) -> Callable[[Array], float]:
        options: dict[str, Any] = {"max_iter": 100, "early_stopping": False, "random_state": self.seed}
        if self.kind == "regression":
            regressor = HistGradientBoostingRegressor(**options).fit(X, y)
            return lambda rows: float(r2_score(truth, regressor.predict(rows)))
        classifier = HistGradientBoostingClassifier(**options).fit(X, y)
        known = np.isin(truth, classifier.classes_)
        places = np.searchsorted(classifier.classes_, truth[known])
        picked = np.arange(len(places)), places
        return lambda rows: float(
            np.log(np.clip(classifier.predict_proba(rows[known])[picked], 1e-12, 1.0)).mean()
        )


def _losses(score: Callable[[Array], float], X: Array, groups: Array, varies: Array, seed: int) -> Array:
    """Features × repeats: the score as it is less the score with the feature shuffled."""
    chance = np.random.default_rng(seed)
    whole, shuffled = score(X), X.copy()
    losses = np.zeros((len(varies), N_REPEATS))
    for repeat in range(N_REPEATS):
        order = chance.permutation(len(X))
        for number in np.flatnonzero(varies):
            columns = groups == number
            shuffled[:, columns] = X[order][:, columns]
            losses[number, repeat] = whole - score(shuffled)
            shuffled[:, columns] = X[:, columns]
    return losses
