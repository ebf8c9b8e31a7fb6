"""Losses per row and metrics made of them that scikit-learn has not, or defines otherwise. Called by the metrics.

Binary outcomes are scored by the probability of the second class.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]
CALIBRATION_BINS = 10
SMALLEST_PROBABILITY = float(np.finfo(np.float64).eps)


def squared_probability(truth: Array, probabilities: Array) -> Array:
    """Brier's score of each row (Brier 1950): the squared distance, summed over classes; of two classes its half."""
    distance = np.array(probabilities, dtype=np.float64)
    distance[np.arange(len(truth)), truth] -= 1.0
    total: Array = (distance**2).sum(axis=1)
    return total / 2 if probabilities.shape[1] == 2 else total


def negative_log(truth: Array, probabilities: Array) -> Array:
    """−log of the probability that each row's true class got, as in scikit-learn's log loss."""
    clipped = np.clip(probabilities, SMALLEST_PROBABILITY, 1 - SMALLEST_PROBABILITY)
    clipped = clipped / clipped.sum(axis=1, keepdims=True)
    found: Array = -np.log(clipped[np.arange(len(truth)), truth])
    return found


def confidence(truth: Array, probabilities: Array) -> tuple[Array, Array]:
    """What calibration compares per row: a probability, and whether it came true.

    Of two classes the second one's; of more, that of the likeliest class (Guo et al. 2017).
    """
    if probabilities.shape[1] == 2:
        return probabilities[:, 1], (truth == 1).astype(np.float64)
    likeliest = probabilities.argmax(axis=1)
    return probabilities.max(axis=1), (truth == likeliest).astype(np.float64)


def bins_of(probability: Array) -> Array:
    """The number of each probability's bin, of ten equally wide ones."""
    found: Array = np.minimum((probability * CALIBRATION_BINS).astype(np.int64), CALIBRATION_BINS - 1)
    return found


def calibration_error(truth: Array, probabilities: Array) -> float:
    """Expected calibration error (Naeini et al. 2015): |observed share − mean probability| per bin, by its rows."""
    said, came_true = confidence(truth, probabilities)
    sums = np.bincount(bins_of(said), came_true - said, minlength=CALIBRATION_BINS)
    return float(np.abs(sums).sum() / len(truth))


def percentages(truth: Array, predicted: Array) -> Array:
    """|error| / |true value| of each row; NaN where the true value is 0, for which there is no percentage."""
    size = np.abs(truth)
    found: Array = np.divide(np.abs(truth - predicted), size, out=np.full(len(truth), np.nan), where=size > 0)
    return found


def mape(truth: Array, predicted: Array) -> float:
    """Mean absolute percentage error over the rows whose true value is not 0; NaN when there is none."""
    found = percentages(truth, predicted)
    known = found[np.isfinite(found)]
    return float(known.mean()) if len(known) else math.nan


def pinball(truth: Array, quantiles: Array, levels: Sequence[float]) -> Array:
    """The pinball loss of each row, mean over the levels (Koenker and Bassett 1978); quantiles: rows × levels."""
    error, level = truth[:, None] - quantiles, np.asarray(levels)
    found: Array = np.maximum(level * error, (level - 1) * error).mean(axis=1)
    return found
