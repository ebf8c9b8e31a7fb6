"""The cross-validation inside a selector's own choice of how much to keep. Called by L1 and elimination."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from sklearn.model_selection import KFold, StratifiedKFold

from mlregistry.ml.selection.ranking import Array

N_FOLDS = 3


def folds(y: Array, kind: str, seed: int) -> Iterator[tuple[Array, Array]]:
    """(fit, hold-out) positions, stratified where every class has a member for each fold."""
    stratify = kind != "regression" and np.unique(y, return_counts=True)[1].min() >= N_FOLDS
    splitter = (StratifiedKFold if stratify else KFold)(N_FOLDS, shuffle=True, random_state=seed)
    rows: Iterator[tuple[Array, Array]] = splitter.split(np.zeros(len(y)), y)
    return rows


def simplest(losses: Array) -> int:
    """The first column (simplest first) whose mean loss is within one standard error of the least.

    `losses` is folds × candidates; the rule is Breiman et al. 1984, as in Hastie et al., section 7.10.
    """
    means = losses.mean(axis=0)
    best = int(np.argmin(means))
    error = losses[:, best].std(ddof=1) / np.sqrt(len(losses))
    return int(np.argmax(means <= means[best] + error))


def log_loss(probabilities: Array, truth: Array, classes: Array) -> float:
    """The mean of −log of the true class's probability; a class that was not fitted counts as one in 10^12."""
    places = np.searchsorted(classes, truth).clip(0, len(classes) - 1)
    picked = np.where(classes[places] == truth, probabilities[np.arange(len(truth)), places], 0.0)
    return float(-np.log(np.clip(picked, 1e-12, 1.0)).mean())
