"""The arithmetic of an ensemble: members' predictions to one. Called by the fitted ensembles and by their search."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]
MEAN, LOG = "mean", "log"
EDGE = 1e-6


@dataclass(frozen=True)
class Mix:
    """Weights of the members, and what is done with the weighted whole.

    Classes: by `mean` the weighted mean of the probabilities, by `log` their weighted product (the logarithmic pool;
    Genest and Zidek 1986), which is a logistic model on the members' log-probabilities. `sharpness` and `bias` (one per
    class) then move the log-probabilities, which calibrates them (vector scaling; Guo et al. 2017).
    Numbers: the weighted sum, plus the one number in `bias`.
    """

    weights: tuple[float, ...]
    combine: str = MEAN
    bias: tuple[float, ...] = ()
    sharpness: float = 1.0

    @property
    def used(self) -> list[int]:
        """The places of the members that count."""
        return [place for place, weight in enumerate(self.weights) if weight != 0]


def probabilities(predicted: Sequence[Array], mix: Mix) -> Array:
    """Rows × classes from the members' rows × classes."""
    weighted = zip(mix.weights, predicted, strict=True)
    if mix.combine == LOG:
        logs = sum(weight * _logs(one) for weight, one in weighted if weight != 0)
    else:
        mean = sum(weight * one for weight, one in weighted if weight != 0) / sum(mix.weights)
        if not mix.bias and mix.sharpness == 1.0:
            return np.asarray(mean, dtype=np.float64)
        logs = _logs(np.asarray(mean))
    return softmax(mix.sharpness * np.asarray(logs) + (np.array(mix.bias) if mix.bias else 0.0))


def numbers(predicted: Sequence[Array], mix: Mix) -> Array:
    """One number per row from the members' numbers."""
    whole = sum(weight * one for weight, one in zip(mix.weights, predicted, strict=True) if weight != 0)
    return np.asarray(whole, dtype=np.float64) + (mix.bias[0] if mix.bias else 0.0)


def softmax(logs: Array) -> Array:
    raised = np.exp(logs - logs.max(axis=1, keepdims=True))
    found: Array = raised / raised.sum(axis=1, keepdims=True)
    return found


def _logs(one: Array) -> Array:
    found: Array = np.log(np.clip(one, EDGE, 1.0))
    return found
