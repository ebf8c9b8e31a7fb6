"""Many rows through scikit-learn's loop end at the leaves at which they end one level per step, gaps included."""

from __future__ import annotations

import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Barrier
from typing import Any

import numpy as np
import pytest

from mlregistry.ml.compiling import tree_batches, trees
from mlregistry.ml.compiling.forms import Array
from mlregistry.ml.compiling.trees import Trees
from tests.ml.compiling.planted_trees import N_FEATURES, planted

N_ROWS = 300


def grown(n_leaves: list[int], *, chains: bool) -> Trees:
    feature, threshold, left, slot, roots = planted(n_leaves, chains=chains)
    inner = left != np.arange(len(left))
    missing_right = inner & (np.arange(len(left)) % 2 == 0)
    values = np.random.default_rng(5).normal(size=(len(left), 2))
    depth = max(n_leaves)
    return Trees(roots, feature, threshold, left, missing_right, slot, values, depth, N_FEATURES)


def rows_with_gaps() -> Array:
    """Most values hit a threshold exactly or miss it by the least there is."""
    rng = np.random.default_rng(6)
    found: Any = rng.integers(-4, 5, (N_ROWS, N_FEATURES)).astype(np.float32)
    found[::3] = np.nextafter(found[::3], np.float32(9))
    found[rng.random(found.shape) < 0.1] = np.nan
    made: Array = found
    return made


@pytest.mark.parametrize("chains", [False, True])
@pytest.mark.parametrize("n_leaves", [[1], [2, 1, 31, 7], [200, 3]])
def test_the_loop_ends_at_the_same_leaves_as_steps_do(n_leaves: list[int], chains: bool) -> None:
    forest, matrix = grown(n_leaves, chains=chains), rows_with_gaps()
    assert forest.may_loop
    looped = trees.leaves_of(forest)(matrix)
    few = tree_batches.FEWEST_ROWS - 1
    parts = [trees.leaves_of(forest)(matrix[start : start + few]) for start in range(0, N_ROWS, few)]
    assert looped.tolist() == np.concatenate(parts, axis=1).tolist()


def test_requests_that_come_first_together_all_meet_whole_forests() -> None:
    forest, matrix, n_threads = grown([3] * 300, chains=False), rows_with_gaps(), 8
    expected = trees.leaves_of(forest)(matrix).tolist()
    leaves, together = trees.leaves_of(forest), Barrier(n_threads)

    def ask(_: int) -> Any:
        together.wait()
        return leaves(matrix).tolist()

    former = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        with ThreadPoolExecutor(n_threads) as pool:
            found = list(pool.map(ask, range(n_threads)))
    finally:
        sys.setswitchinterval(former)
    assert all(one == expected for one in found)


def test_trees_of_64_bits_or_with_categories_take_steps() -> None:
    forest = grown([5, 5], chains=False)
    assert not replace(forest, threshold=forest.threshold.astype(np.float64)).may_loop
    assert not replace(forest, category=np.full(len(forest.left), -1), goes=np.zeros((0, 256), bool)).may_loop
