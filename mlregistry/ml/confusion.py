"""Metrics of decisions from many confusion matrices at once. Called by the bootstrap and the choice of a threshold.

A stack has the shape (n, classes, classes): rows are the true classes, columns the predicted ones.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]


def matrix(truth: Array, predicted: Array, n_classes: int) -> Array:
    """The counts of one set of rows, as floats."""
    counts = np.bincount(truth * n_classes + predicted, minlength=n_classes**2)
    return counts.reshape(n_classes, n_classes).astype(np.float64)


def accuracy(stack: Array) -> Array:
    found: Array = _hits(stack).sum(axis=1) / stack.sum(axis=(1, 2))
    return found


def balanced_accuracy(stack: Array) -> Array:
    """Mean recall over the classes that have rows."""
    present = stack.sum(axis=2) > 0
    shares = np.where(present, _recalls(stack), 0.0)
    found: Array = shares.sum(axis=1) / present.sum(axis=1)
    return found


def recall(stack: Array) -> Array:
    return _averaged(stack, _recalls(stack))


def precision(stack: Array) -> Array:
    return _averaged(stack, _divided(_hits(stack), stack.sum(axis=1)))


def f1(stack: Array) -> Array:
    return _averaged(stack, _divided(2 * _hits(stack), stack.sum(axis=1) + stack.sum(axis=2)))


def mcc(stack: Array) -> Array:
    """Matthews' correlation for any number of classes (Gorodkin 2004), 0 where one side is constant."""
    n, true, predicted = stack.sum(axis=(1, 2)), stack.sum(axis=2), stack.sum(axis=1)
    together = n * _hits(stack).sum(axis=1) - (true * predicted).sum(axis=1)
    spread = (n**2 - (true**2).sum(axis=1)) * (n**2 - (predicted**2).sum(axis=1))
    return _divided(together, np.sqrt(spread))


FORMS: dict[str, Callable[[Array], Array]] = {
    "accuracy": accuracy, "balanced_accuracy": balanced_accuracy, "f1": f1, "precision": precision,
    "recall": recall, "mcc": mcc,
}  # fmt: skip


def _hits(stack: Array) -> Array:
    found: Array = np.einsum("nii->ni", stack)
    return found


def _recalls(stack: Array) -> Array:
    return _divided(_hits(stack), stack.sum(axis=2))


def _averaged(stack: Array, by_class: Array) -> Array:
    """Of two classes the second; of more the mean over those that occur on either side, as scikit-learn does."""
    if stack.shape[1] == 2:
        return by_class[:, 1]
    occurs = (stack.sum(axis=1) + stack.sum(axis=2)) > 0
    found: Array = np.where(occurs, by_class, 0.0).sum(axis=1) / np.maximum(occurs.sum(axis=1), 1)
    return found


def _divided(above: Array, below: Array) -> Array:
    return np.divide(above, below, out=np.zeros(np.shape(above), dtype=np.float64), where=below > 0)
