"""How much a clustering owes to the rows it happened to see. Called by clustering training."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.base import clone
from sklearn.metrics import adjusted_rand_score

from mlregistry.errors import Invalid

Array = npt.NDArray[Any]
N_PAIRS = 5
MOST_ROWS = 3_000


def stability(estimator: Any, matrix: Array, seed: int) -> float:
    """Mean adjusted Rand index between clusterings of pairs of bootstrap samples, on the rows that both hold.

    After Ben-Hur, Elisseeff and Guyon 2002 and Hennig 2007; each row of a sample counts once. At most 3,000 rows.
    NaN where a sample cannot be clustered.
    """
    chance = np.random.default_rng(seed)
    if len(matrix) > MOST_ROWS:
        matrix = matrix[chance.choice(len(matrix), MOST_ROWS, replace=False)]
    scores = []
    for _ in range(N_PAIRS):
        one, two = (np.unique(chance.integers(0, len(matrix), len(matrix))) for _ in range(2))
        shared, in_one, in_two = np.intersect1d(one, two, return_indices=True)
        if len(shared) < 2:
            return math.nan
        try:
            labels = [clone(estimator).fit(matrix[rows]).labels_ for rows in (one, two)]
        except Invalid:
            return math.nan
        scores.append(adjusted_rand_score(labels[0][in_one], labels[1][in_two]))
    return float(np.mean(scores))
