"""Selection by an L1 penalty; made through the table of methods."""

from __future__ import annotations

import warnings

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression, lasso_path
from sklearn.svm import l1_min_c

from mlregistry.ml.selection.association import between
from mlregistry.ml.selection.inner import inner_folds, linear_loss, linear_model, simplest
from mlregistry.ml.selection.ranking import (
    Array,
    Ranking,
    RankingSelector,
    contributions,
    indicators,
    needed,
    sample,
    standardised,
)

STRENGTHS = np.geomspace(0.999, 0.002, 16)
"""The penalties tried, as shares of the least that keeps every weight at 0."""
LASSO_FOLDS = 5


class LassoSelector(RankingSelector):
    """By the strongest penalty under which any column of a feature still has a weight.

    The Lasso for numbers, a logistic regression with L1 per class for classes, on standardised columns. A score is
    that penalty as a share of the least that leaves nothing. Features that never enter follow by association.

    By itself it takes the strongest penalty within one standard error of the best in five inner folds, where each
    penalty's features are fitted again without it (the relaxed Lasso, Meinshausen 2007). Measured with the shrunken
    weights a weaker penalty looks better for shrinking less, and noise would enter with it.
    """

    def _rank(self, X: Array, y: Array | None, groups: Array, varies: Array) -> Ranking:
        rows = sample(len(X), self.seed)
        matrix, target = standardised(X[rows]), needed(y)[rows]
        weights = self._path(matrix, target)
        entered = np.array([contributions(matrix, step[:, :-1], groups) for step in weights])
        first = np.where((entered > 0).any(axis=0), (entered > 0).argmax(axis=0), len(STRENGTHS))
        scores = np.append(STRENGTHS, 0.0)[first]
        strength = np.where(first < len(STRENGTHS), entered[first.clip(max=len(STRENGTHS) - 1),
                                                            np.arange(len(first))], 0.0)  # fmt: skip
        columns = indicators(target, self.kind)
        near = between(matrix, groups, columns, np.zeros(columns.shape[1], dtype=np.int64))[:, 0]
        order = np.lexsort((np.arange(len(first)), -near, -strength, first))
        own = len(order)
        if self.n_features is None:
            own = int((first <= self._own_step(matrix, target)).sum())
        return Ranking(scores, order[varies[order]], own)

    def _own_step(self, X: Array, y: Array) -> int:
        losses = [
            self._losses(X[inside], y[inside], X[outside], y[outside])
            for inside, outside in inner_folds(y, self.kind, self.seed, LASSO_FOLDS)
        ]
        return simplest(np.array(losses))

    def _losses(self, X: Array, y: Array, held: Array, truth: Array) -> list[float]:
        """On held-out rows, the loss of each penalty's columns fitted again."""
        known: dict[bytes, float] = {}
        found = []
        for step in self._path(X, y):
            used = (step[:, :-1] != 0).any(axis=0)
            name = used.tobytes()
            if name not in known:
                known[name] = _refitted(X[:, used], y, held[:, used], truth, self.kind, self.seed)
            found.append(known[name])
        return found

    def _path(self, X: Array, y: Array) -> Array:
        """Steps × outputs × (columns and the intercept)."""
        if self.kind == "regression":
            return _lasso(X, y.astype(np.float64))
        classes = np.unique(y)
        positive = classes[1:] if len(classes) == 2 else classes
        return np.stack([_logistic(X, y == label, self.seed) for label in positive], axis=1)


def _refitted(X: Array, y: Array, held: Array, truth: Array, kind: str, seed: int) -> float:
    if not X.shape[1]:  # a column of zeros leaves the intercept
        X, held = np.zeros((len(y), 1)), np.zeros((len(truth), 1))
    return linear_loss(linear_model(X, y, kind, seed), held, truth)


def _lasso(X: Array, y: Array) -> Array:
    centre, middle = X.mean(axis=0), y.mean()
    shifted = X - centre
    strongest = np.abs(shifted.T @ (y - middle)).max() / len(X)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        _, weights, _ = lasso_path(
            shifted, y - middle, alphas=max(strongest, 1e-12) * STRENGTHS, max_iter=5000
        )
    intercepts = middle - centre @ weights
    return np.concatenate([weights, intercepts[None, :]]).T[:, None, :]


def _logistic(X: Array, positive: Array, seed: int) -> Array:
    """Steps × (columns and the intercept) of one class against the rest."""
    if positive.all() or not positive.any():
        return np.zeros((len(STRENGTHS), X.shape[1] + 1))
    steps = []
    least = l1_min_c(X, positive, loss="log", intercept_scaling=INTERCEPT)
    for strength in STRENGTHS:
        model = LogisticRegression(
            C=least / strength, l1_ratio=1.0, solver="liblinear", intercept_scaling=INTERCEPT,
            tol=1e-3, max_iter=200, random_state=seed,
        )  # fmt: skip
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            model.fit(X, positive)
        steps.append(np.append(model.coef_[0], model.intercept_[0]))
    return np.array(steps)


INTERCEPT = 10.0
"""liblinear penalises the intercept too; scaled so, the penalty on it hardly matters."""
