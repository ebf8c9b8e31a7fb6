"""Selection by mutual information; made through the table of methods."""

from __future__ import annotations

import numpy as np
from sklearn.feature_selection import mutual_info_classif, mutual_info_regression

from mlregistry.ml.selection.ranking import (
    Array,
    Ranking,
    RankingSelector,
    best_first,
    largest,
    needed,
    sample,
)

FEW_VALUES = 20
N_SHUFFLES = 3


class InformationSelector(RankingSelector):
    """By the mutual information of each feature alone with the target, in nats.

    Counted for discrete values, by nearest neighbours for continuous ones (Kraskov et al. 2004, Ross 2014). A
    feature of several two-valued columns is one discrete value; of several others the most telling column counts.
    By itself it keeps what tells more than any feature tells about a shuffled target.
    """

    def _rank(self, X: Array, y: Array | None, groups: Array, varies: Array) -> Ranking:
        rows = sample(len(X), self.seed)
        columns, owners, discrete = _columns(X[rows], groups)
        target = needed(y)[rows]
        scores = largest(owners, self._information(columns, discrete, target))
        own = len(scores)
        if self.n_features is None:
            chance = np.random.default_rng(self.seed)
            floor = max(
                self._information(columns, discrete, chance.permutation(target)).max()
                for _ in range(N_SHUFFLES)
            )
            own = int((scores[varies] > floor).sum())
        return Ranking(scores, best_first(scores, varies), own)

    def _information(self, columns: Array, discrete: Array, target: Array) -> Array:
        estimate = mutual_info_regression if self.kind == "regression" else mutual_info_classif
        found = estimate(columns, target, discrete_features=discrete, random_state=self.seed)
        return np.asarray(found, dtype=np.float64)


def _columns(X: Array, groups: Array) -> tuple[Array, Array, Array]:
    """The columns to measure, the feature of each, and which of them are discrete."""
    columns: list[Array] = []
    owners: list[int] = []
    for number in range(int(groups.max()) + 1):
        block = X[:, groups == number]
        if block.shape[1] > 1 and all(len(np.unique(column)) <= 2 for column in block.T):
            block = np.unique(block, axis=0, return_inverse=True)[1].reshape(-1, 1).astype(np.float64)
        columns += list(block.T)
        owners += [number] * block.shape[1]
    discrete = np.array([len(np.unique(column)) <= FEW_VALUES for column in columns])
    coded = [
        np.unique(column, return_inverse=True)[1].astype(np.float64) if few else column
        for column, few in zip(columns, discrete, strict=True)
    ]
    return np.column_stack(coded), np.array(owners), discrete
