"""One row through many trees: every way of going down ends at the same leaves, thresholds hit exactly included."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from mlregistry.ml.compiling import tree_rows
from tests.ml.compiling.planted_trees import N_FEATURES, planted

# By leaves of each tree: a tree of one leaf, a word just full, and one leaf too many.
SMALL, FULL, LARGE = [2, 1, 31, 1, 7], [64, 1, 64], [3, 65]


@pytest.mark.parametrize("chains", [False, True])
@pytest.mark.parametrize("kind", [np.float32, np.float64])
@pytest.mark.parametrize("n_leaves", [SMALL, FULL, [1, 1]])
def test_all_ways_down_end_at_the_same_leaves(n_leaves: list[int], kind: type, chains: bool) -> None:
    trees = planted(n_leaves, chains=chains, kind=kind)
    at_once = tree_rows.descend_at_once(*trees)
    assert at_once is not None
    by_levels = tree_rows.descend_by_levels(*trees, max(n_leaves))
    by_blocks = tree_rows.descend_by_blocks(*trees, max(n_leaves))
    rng = np.random.default_rng(4)
    on_thresholds: Any = rng.integers(-4, 5, (60, N_FEATURES)).astype(kind)
    rows = [*on_thresholds, *np.nextafter(on_thresholds, kind(9)), *np.nextafter(on_thresholds, kind(-9))]
    for row in rows:
        expected = by_levels(row[None, :]).tolist()
        assert by_blocks(row[None, :]).tolist() == expected
        assert at_once(row[None, :]).tolist() == expected


def test_trees_that_do_not_fit_a_word_go_down_by_blocks() -> None:
    trees = planted(LARGE, chains=False)
    assert tree_rows.descend_at_once(*trees) is None
    row = np.zeros((1, N_FEATURES), dtype=np.float32)
    found = tree_rows.descend_of(*trees, 65)(row)
    assert found.tolist() == tree_rows.descend_by_levels(*trees, 65)(row).tolist()


def test_nodes_that_two_trees_share_are_not_answered_at_once() -> None:
    feature, threshold, left, slot, roots = planted([4, 3], chains=False)
    shared = np.array([roots[0], roots[0]])
    assert tree_rows.descend_at_once(feature, threshold, left, slot, shared) is None
