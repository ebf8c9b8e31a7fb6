"""The cross-validation inside a selector's own choice of how much to keep. Called by L1 and elimination."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from typing import Any

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import KFold, StratifiedKFold

from mlregistry.ml.selection.ranking import Array


def inner_folds(y: Array, kind: str, seed: int, n_folds: int) -> Iterator[tuple[Array, Array]]:
    """(fit, hold-out) positions, stratified where every class has a member for each fold.

    Left out is a fold whose rows to fit on have one class only.
    """
    n_folds = min(n_folds, len(y))
    stratify = kind != "regression" and np.unique(y, return_counts=True)[1].min() >= n_folds
    splitter = (StratifiedKFold if stratify else KFold)(n_folds, shuffle=True, random_state=seed)
    for inside, outside in splitter.split(np.zeros(len(y)), y):
        if kind == "regression" or len(np.unique(y[inside])) > 1:
            yield inside, outside


def simplest(losses: Array) -> int:
    """The first column (simplest first) whose mean loss is within one standard error of the least.

    `losses` is folds × candidates; the rule is Breiman et al. 1984, as in Hastie et al., section 7.10.
    """
    means = losses.mean(axis=0)
    best = int(np.argmin(means))
    error = losses[:, best].std(ddof=1) / np.sqrt(len(losses))
    return int(np.argmax(means <= means[best] + error))


def linear_model(X: Array, y: Array, kind: str, seed: int) -> Any:
    """A linear model with hardly a penalty, fitted."""
    if kind == "regression":
        return Ridge(alpha=1.0).fit(X, y.astype(np.float64))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        return LogisticRegression(max_iter=200, random_state=seed).fit(X, y)


def linear_loss(model: Any, X: Array, truth: Array) -> float:
    """The mean squared error of numbers, the log loss of classes."""
    if not hasattr(model, "classes_"):
        return float(((truth.astype(np.float64) - model.predict(X)) ** 2).mean())
    return log_loss(model.predict_proba(X), truth, model.classes_)


def log_loss(probabilities: Array, truth: Array, classes: Array) -> float:
    """The mean of −log of the true class's probability; a class that was not fitted counts as one in 10^12."""
    places = np.searchsorted(classes, truth).clip(0, len(classes) - 1)
    picked = np.where(classes[places] == truth, probabilities[np.arange(len(truth)), places], 0.0)
    return float(-np.log(np.clip(picked, 1e-12, 1.0)).mean())
