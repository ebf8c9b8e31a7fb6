"""Rows through trees in machine code end where plain Python takes them: gaps, categories, exact thresholds."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from mlregistry.ml.compiling import trees
from mlregistry.ml.compiling.forms import Array, Refused
from mlregistry.ml.compiling.tree_words import words_of
from mlregistry.ml.compiling.trees import FEW, N_CODES, Trees
from tests.ml.compiling.planted_trees import N_FEATURES, planted

N_ROWS = 301  # no multiple of the rows that go down together
SHAPES = [
    [1],
    [1] * 8,
    [2] * 9,
    [2, 1, 31, 7],
    [64, 1, 64],
    [200, 3, 64, 65],
    [5, 1, 2, 80, 3, 9, 2],
    [*range(1, 101)],
]  # by leaves of each tree: a word holds 64
KINDS = [np.float32, np.float64]


def grown(n_leaves: list[int], *, chains: bool = False, kind: type = np.float32, width: int = 2) -> Trees:
    feature, threshold, left, slot, roots = planted(n_leaves, chains=chains, kind=kind)
    inner = left != np.arange(len(left))
    missing_right = inner & (np.arange(len(left)) % 2 == 0)
    values = np.random.default_rng(5).normal(size=(len(left), width))
    return Trees(roots, feature, threshold, left, missing_right, slot, values, N_FEATURES)


def hard_rows(kind: type) -> Array:
    """A third hits thresholds exactly, the others miss them by the least there is."""
    rng = np.random.default_rng(6)
    found: Any = rng.integers(-4, 5, (N_ROWS, N_FEATURES)).astype(kind)
    found[::3] = np.nextafter(found[::3], kind(9))
    found[1::3] = np.nextafter(found[1::3], kind(-9))
    made: Array = found.astype(np.float64)
    return made


def with_gaps(rows: Array) -> Array:
    return np.where(np.random.default_rng(7).random(rows.shape) < 0.1, np.nan, rows)


def leaf_of(forest: Trees, root: int, row: Array) -> int:
    node = root
    while forest.left[node] != node:
        value = row[forest.feature[node]].astype(forest.threshold.dtype)
        by_code = forest.category is not None and forest.category[node] >= 0
        if np.isnan(value) or (by_code and value < 0):
            right = forest.missing_right[node]
        elif by_code and forest.category is not None and forest.goes is not None:
            right = forest.goes[forest.category[node], int(value)]
        else:
            right = value > forest.threshold[node]
        node = int(forest.left[node]) + int(right)
    return int(forest.slot[node])


def expected(forest: Trees, rows: Array, start: Array) -> list[Any]:
    """Added up tree by tree, in the precision of the values."""
    totals = np.tile(start.astype(forest.values.dtype), (len(rows), 1))
    for number, row in enumerate(rows):
        for place, root in enumerate(forest.roots):
            column = place * forest.values.shape[1] % len(start)
            totals[number, column : column + forest.values.shape[1]] += forest.values[
                leaf_of(forest, root, row)
            ]
    found: list[Any] = totals.tolist()
    return found


@pytest.mark.parametrize("chains", [False, True])
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("n_leaves", SHAPES)
@pytest.mark.parametrize("n_rows", [1, FEW, FEW + 1, N_ROWS])
def test_rows_come_to_their_leaves_with_and_without_gaps(
    n_rows: int, n_leaves: list[int], kind: type, chains: bool
) -> None:
    forest, start = grown(n_leaves, chains=chains, kind=kind), np.array([0.5, -2.0])
    totals = trees.totals_of(forest, start)
    for rows in (hard_rows(kind)[:n_rows], with_gaps(hard_rows(kind))[:n_rows]):
        assert totals(rows).tolist() == expected(forest, rows, start)


def test_trees_take_turns_where_there_are_more_outputs_than_values() -> None:
    forest, start = grown([3, 5, 9, 2, 8, 4], width=1), np.array([1.0, 2.0, 3.0])
    rows = hard_rows(np.float32)
    assert trees.totals_of(forest, start)(rows).tolist() == expected(forest, rows, start)


def test_values_of_32_bits_are_added_up_in_32_bits() -> None:
    single = replace(grown([9] * 40, width=1), values=np.full((700, 1), 0.1, dtype=np.float32))
    found = trees.totals_of(single, np.zeros(1))(hard_rows(np.float32))
    assert found.dtype == np.float32
    assert found.tolist() == expected(single, hard_rows(np.float32), np.zeros(1))


def test_sums_are_divided_once_they_are_complete() -> None:
    forest, start = grown([9, 1, 70]), np.array([0.5, -2.0])
    for rows in (hard_rows(np.float32)[:1], hard_rows(np.float32)):
        wanted = np.array(expected(forest, rows, start)) / 3
        assert trees.totals_of(forest, start, over=3)(rows).tolist() == wanted.tolist()


@pytest.mark.parametrize("n_rows", [1, N_ROWS])
def test_trees_may_share_their_nodes(n_rows: int) -> None:
    forest, rows = grown([20, 9]), hard_rows(np.float32)[:n_rows]
    top = int(forest.left[forest.roots[0]])
    shared = replace(
        forest, roots=np.array([forest.roots[0], top + 1, forest.roots[1], top, forest.roots[0]])
    )
    assert trees.totals_of(shared, np.zeros(2))(rows).tolist() == expected(shared, rows, np.zeros(2))


def test_nodes_with_many_parents_are_laid_once() -> None:
    n = 2_000
    left = np.minimum(np.arange(1, n + 1), np.arange(n) + (np.arange(n) < n - 2))  # each left child asks next
    order, _ = trees._level_by_level(left, np.zeros(1, np.int64))
    assert len(order) < 2 * n


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("n_rows", [1, N_ROWS])
def test_codes_go_as_their_table_says_and_unknown_ones_are_refused(n_rows: int, kind: type) -> None:
    forest = grown([30, 30], kind=kind)
    rng = np.random.default_rng(8)
    category = np.where(forest.left == np.arange(len(forest.left)), -1, rng.integers(-1, 4, len(forest.left)))
    by_code = replace(forest, category=category, goes=rng.random((4, N_CODES)) < 0.5)
    rows = with_gaps(rng.integers(-2, N_CODES, (n_rows, N_FEATURES)).astype(np.float64))
    totals = trees.totals_of(by_code, np.zeros(2))
    assert totals(rows).tolist() == expected(by_code, rows, np.zeros(2))
    rows[-1] = N_CODES
    with pytest.raises(Refused):
        totals(rows)


@pytest.mark.parametrize("n_rows", [1, N_ROWS])
@pytest.mark.parametrize("value", [np.inf, -np.inf, 1e300])
def test_only_trees_of_32_bits_refuse_what_is_infinite_to_them(value: float, n_rows: int) -> None:
    rows = np.zeros((n_rows, N_FEATURES))
    rows[-1, 3] = value
    with pytest.raises(Refused):
        trees.totals_of(grown([4]), np.zeros(2))(rows)
    wide = grown([4], kind=np.float64)
    assert trees.totals_of(wide, np.zeros(2))(rows).tolist() == expected(wide, rows, np.zeros(2))


def test_rows_of_another_width_are_refused() -> None:
    with pytest.raises(Refused):
        trees.totals_of(grown([4]), np.zeros(2))(np.zeros((2, N_FEATURES - 1)))


def test_only_small_trees_of_their_own_nodes_are_put_into_words() -> None:
    assert len(words_of(grown([64, 1]))[2]) == 2
    assert not len(words_of(grown([64, 65]))[2])
    two = grown([4, 3])
    assert not len(words_of(replace(two, roots=np.array([two.roots[0], two.roots[0]])))[2])
