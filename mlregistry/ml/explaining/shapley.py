"""Shapley values of single predictions: how much each feature moves a prediction away from the average one.

The value of a set of features is the mean prediction with those features as in the row and the others as in
background rows (interventional; Lundberg and Lee 2017). Called by the explanation job.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import combinations
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

Array = npt.NDArray[Any]
Predict = Callable[[pd.DataFrame], Array]
MOST_EVALUATED = 2_000
MOST_BRUTE = 10


def sampled(
    predict: Predict, rows: pd.DataFrame, background: pd.DataFrame, *, n_walks: int, seed: int
) -> Array:
    """Rows × features, by Štrumbelj and Kononenko's sampling (2014) of permutations, each walked both ways.

    Each walk begins at a random background row and takes over the row's features one after the other; a feature gets
    the change of the prediction. So a row's values sum to its prediction less the mean of those where walks began.
    """
    chance = np.random.default_rng(seed)
    found = np.zeros(rows.shape)
    for place in range(len(rows)):
        orders = [chance.permutation(rows.shape[1]) for _ in range(math.ceil(n_walks / 2))]
        walks = [order for one in orders for order in (one, one[::-1])]
        starts = np.repeat(chance.integers(0, len(background), len(orders)), 2)
        found[place] = _walked(predict, rows.iloc[[place]], background.iloc[starts], walks)
    return found


def linear(coefficients: Array, matrix: Array, background: Array) -> Array:
    """Exact for a weighted sum: weight · (value − mean of the background) of each column."""
    values: Array = (matrix - background.mean(axis=0)) * coefficients
    return values


def brute(predict: Predict, row: pd.DataFrame, background: pd.DataFrame) -> Array:
    """Exact over all sets of at most 10 features (Shapley 1953): what the sampling is checked against."""
    n = row.shape[1]
    if n > MOST_BRUTE:
        raise ValueError(f"At most {MOST_BRUTE} features.")
    values = {
        chosen: float(predict(_mixed(row, background, list(chosen))).mean())
        for size in range(n + 1)
        for chosen in combinations(range(n), size)
    }
    found = np.zeros(n)
    for chosen, value in values.items():
        for feature in set(range(n)) - set(chosen):
            weight = math.factorial(len(chosen)) * math.factorial(n - len(chosen) - 1) / math.factorial(n)
            found[feature] += weight * (values[tuple(sorted((*chosen, feature)))] - value)
    return found


def _walked(predict: Predict, row: pd.DataFrame, starts: pd.DataFrame, walks: list[Array]) -> Array:
    """Mean contribution of each feature over the walks, which are evaluated in blocks."""
    n_features, found = row.shape[1], np.zeros(row.shape[1])
    step = max(1, MOST_EVALUATED // (n_features + 1))
    for begin in range(0, len(walks), step):
        block = walks[begin : begin + step]
        taken = np.zeros((len(block), n_features + 1, n_features), dtype=bool)
        for place, order in enumerate(block):
            for k, feature in enumerate(order):
                taken[place, k + 1 :, feature] = True
        flat = taken.reshape(-1, n_features)
        frame = starts.iloc[begin : begin + step]
        frame = frame.iloc[np.repeat(np.arange(len(block)), n_features + 1)]
        predicted = predict(_taken(row, frame, flat)).reshape(len(block), n_features + 1)
        for place, order in enumerate(block):
            found[order] += np.diff(predicted[place])
    return found / len(walks)


def _taken(row: pd.DataFrame, frame: pd.DataFrame, taken: Array) -> pd.DataFrame:
    """The frame with the row's values where `taken`."""
    columns = {}
    for place, name in enumerate(frame.columns):
        values = frame[name].reset_index(drop=True)
        own = row[name].iloc[np.zeros(len(values), dtype=np.int64)].reset_index(drop=True)
        columns[name] = values.where(~taken[:, place], own)
    return pd.DataFrame(columns)


def _mixed(row: pd.DataFrame, background: pd.DataFrame, chosen: list[int]) -> pd.DataFrame:
    taken = np.zeros((len(background), row.shape[1]), dtype=bool)
    taken[:, chosen] = True
    return _taken(row, background, taken)
