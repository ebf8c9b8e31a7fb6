"""Selection by recursive elimination; made through the table of methods."""

from __future__ import annotations

import warnings

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression, Ridge

from mlregistry.ml.selection import inner
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
                for inside, outside in inner.folds(target, self.kind, self.seed)
            ]  # fmt: skip
            own = sizes[inner.simplest(np.array(losses))]
        return Ranking(scores, order, own)

    def _eliminate(
        self, X: Array, y: Array, groups: Array, varies: Array, held: tuple[Array, Array] | None = None
    ) -> tuple[Array, list[float]]:
        """The features, the last to go first, and the loss on the held-out rows before each round."""
        left, gone, losses = np.flatnonzero(varies), [], []
        sizes = _sizes(len(left))
        for size, following in zip(sizes, [*sizes[1:], 0], strict=True):
            columns = np.isin(groups, left)
            weights, intercept, classes = self._weights(X[:, columns], y)
            if held is not None:
                answers = held[0][:, columns] @ weights.T + intercept
                losses.append(_loss(answers, held[1], classes))
            strength = contributions(X[:, columns], weights, groups[columns])
            weakest = left[np.argsort(strength[left], kind="stable")]
            gone += weakest[: size - following].tolist()
            left = np.setdiff1d(left, weakest[: size - following])
        return np.array(gone[::-1]), losses

    def _weights(self, X: Array, y: Array) -> tuple[Array, Array, Array | None]:
        if self.kind == "regression":
            ridge = Ridge(alpha=1.0).fit(X, y.astype(np.float64))
            return np.atleast_2d(ridge.coef_), np.atleast_1d(ridge.intercept_), None
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            model = LogisticRegression(max_iter=200, random_state=self.seed).fit(X, y)
        return model.coef_, model.intercept_, model.classes_


def _sizes(n_features: int) -> list[int]:
    """How many features each round begins with, from all of them down to one."""
    return sorted({int(size) for size in np.geomspace(n_features, 1, MOST_ROUNDS).round()} if
                  n_features > MOST_ROUNDS else range(1, n_features + 1), reverse=True)  # fmt: skip


def _loss(answers: Array, truth: Array, classes: Array | None) -> float:
    if classes is None:
        return float(((truth.astype(np.float64) - answers[:, 0]) ** 2).mean())
    if answers.shape[1] == 1:
        answers = np.column_stack([np.zeros(len(answers)), answers[:, 0]])
    shifted = np.exp(answers - answers.max(axis=1, keepdims=True))
    return inner.log_loss(shifted / shifted.sum(axis=1, keepdims=True), truth, classes)
