"""Selection by recursive elimination; made through the table of methods."""

from __future__ import annotations

from typing import Any

import numpy as np

from mlregistry.ml.selection.inner import inner_folds, linear_loss, linear_model, simplest
from mlregistry.ml.selection.ranking import (
    Array,
    Ranking,
    RankingSelector,
    contributions,
    needed,
    sample,
    standardised,
)

MOST_ROUNDS = 20
ELIMINATION_FOLDS = 3


class EliminationSelector(RankingSelector):
    """Fits a linear model, leaves out what contributes least, fits again (Guyon et al. 2002).

    At most 20 rounds: with more features than that several go in one. A score is the share of features that
    went earlier. By itself it keeps the fewest within one standard error of the best in three inner folds.
    """

    def _rank(self, X: Array, y: Array | None, groups: Array, varies: Array) -> Ranking:
        rows = sample(len(X), self.seed)
        matrix, target = standardised(X[rows]), needed(y)[rows]
        order, _ = self._eliminate(matrix, target, groups, varies)
        scores = np.zeros(len(varies))
        scores[order] = np.arange(len(order), 0, -1) / len(order)
        own = len(order)
        if self.n_features is None:
            sizes = _sizes(int(varies.sum()))[::-1]
            losses = [
                self._eliminate(matrix[inside], target[inside], groups, varies,
                                (matrix[outside], target[outside]))[1][::-1]
                for inside, outside in inner_folds(target, self.kind, self.seed, ELIMINATION_FOLDS)
            ]  # fmt: skip
            own = sizes[simplest(np.array(losses))]
        return Ranking(scores, order, own)

    def _eliminate(
        self, X: Array, y: Array, groups: Array, varies: Array, held: tuple[Array, Array] | None = None
    ) -> tuple[Array, list[float]]:
        """The features, the last to go first, and the loss on the held-out rows before each round."""
        left, gone, losses = np.flatnonzero(varies), [], []
        sizes = _sizes(len(left))
        for size, following in zip(sizes, [*sizes[1:], 0], strict=True):
            columns = np.isin(groups, left)
            model: Any = linear_model(X[:, columns], y, self.kind, self.seed)
            if held is not None:
                losses.append(linear_loss(model, held[0][:, columns], held[1]))
            strength = contributions(X[:, columns], np.atleast_2d(model.coef_), groups[columns])
            weakest = left[np.argsort(strength[left], kind="stable")]
            gone += weakest[: size - following].tolist()
            left = np.setdiff1d(left, weakest[: size - following])
        return np.array(gone[::-1]), losses


def _sizes(n_features: int) -> list[int]:
    """How many features each round begins with, from all of them down to one."""
    return sorted({int(size) for size in np.geomspace(n_features, 1, MOST_ROUNDS).round()} if
                  n_features > MOST_ROUNDS else range(1, n_features + 1), reverse=True)  # fmt: skip
