"""Rows through trees as machine code. `trees` loads it at the first form with trees, and checks the arrays before.

A right child follows its left sibling, and a leaf points at itself. The values at a row's leaves are added tree by
tree, as the native loops do, so the sums are theirs to the bit.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from mlregistry.lib.machine_code import machine_code, part
from mlregistry.ml.compiling.tree_words import MOST_LEAVES
from mlregistry.ml.compiling.trees import N_CODES

AT_ONCE = 8  # rows that go down a tree side by side: one waits for its node while the others are served
DONE, TOO_LARGE, UNKNOWN_CODE = 0, 1, 2
NEITHER = 2  # to the left nor to the right
ROWS_OF_A_QUESTION = 128
ALL_LEAVES, ONE = np.uint64(2**MOST_LEAVES - 1), np.uint64(1)
# Each six bits in a row of this sequence are others, so those at the top after its product with 2**n tell n
# (Leiserson, Prokop and Randall: Using de Bruijn sequences to index a 1 in a computer word, 1998).
SEQUENCE, TOP_SIX = np.uint64(0x03F79D71B4CB0A89), np.uint64(58)
PLACES = np.zeros(MOST_LEAVES, np.int64)
PLACES[[((int(SEQUENCE) << n) % 2**64) >> 58 for n in range(64)]] = np.arange(64)


class Laid(NamedTuple):
    """Trees as the loops take them: `nodes` are records of threshold, feature and left child; `category` (empty where
    no node asks for one) numbers a node's row of `goes`; `limits` is an empty array of the thresholds' precision."""

    nodes: Any
    missing_right: Any
    category: Any
    goes: Any
    slot: Any
    roots: Any
    values: Any
    limits: Any
    refuses_infinities: bool


class Words(NamedTuple):
    """What `tree_words` made of the same trees: `questions` are records of threshold, feature and word, those of a tree
    begin at `begins`, and `leaves` are the slots of its leaves from the left, trees × 64. All empty for large trees."""

    questions: Any
    begins: Any
    leaves: Any


@part
def _cast(matrix: Any, limits: Any) -> Any:
    """The matrix in the precision of the trees, whether a value is missing, and whether one is infinite by now."""
    cast = np.empty(matrix.shape, limits.dtype)
    gaps = infinite = False
    for row in range(matrix.shape[0]):
        for column in range(matrix.shape[1]):
            value = cast[row, column] = matrix[row, column]
            gaps |= value != value
            infinite |= abs(cast[row, column]) == np.inf
    return cast, gaps, infinite


@part
def _direction(value: Any, node: Any, trees: Any) -> Any:
    """0 to the left, 1 to the right, where a value may be missing or a code; NEITHER for a code beyond the last."""
    if value != value:
        return int(trees.missing_right[node])
    if len(trees.category) and trees.category[node] >= 0:
        if value >= N_CODES:
            return NEITHER
        return int(trees.goes[trees.category[node], int(value)] if value >= 0 else trees.missing_right[node])
    return int(value > trees.nodes[node].threshold)


@part
def _add_leaf(totals: Any, row: Any, column: Any, trees: Any, node: Any) -> None:
    leaf = trees.slot[node]
    for place in range(trees.values.shape[1]):
        totals[row, column + place] += trees.values[leaf, place]


@part
def _with_gaps(matrix: Any, trees: Any, totals: Any) -> Any:
    """Row by row, where values are missing or nodes ask for categories."""
    for row in range(matrix.shape[0]):
        column = 0
        for root in trees.roots:
            node = root
            while trees.nodes[node].left != node:
                right = _direction(matrix[row, trees.nodes[node].feature], node, trees)
                if right == NEITHER:
                    return UNKNOWN_CODE
                node = trees.nodes[node].left + right
            _add_leaf(totals, row, column, trees, node)
            column = (column + trees.values.shape[1]) % totals.shape[1]
    return DONE


@part
def _plain(matrix: Any, first: Any, trees: Any, totals: Any) -> None:
    """Row by row from the row `first` on."""
    for row in range(first, matrix.shape[0]):
        column = 0
        for root in trees.roots:
            node, left = root, trees.nodes[root].left
            while left != node:
                node = left + (matrix[row, trees.nodes[node].feature] > trees.nodes[node].threshold)
                left = trees.nodes[node].left
            _add_leaf(totals, row, column, trees, node)
            column = (column + trees.values.shape[1]) % totals.shape[1]


@part
def _step(matrix: Any, row: Any, trees: Any, node: Any) -> Any:
    asked = trees.nodes[node]
    return asked.left + (matrix[row, asked.feature] > asked.threshold)


@part
def _side_by_side(matrix: Any, trees: Any, totals: Any) -> Any:
    """As many whole groups of rows as there are; how many rows these are."""
    n_rows = matrix.shape[0] // AT_ONCE * AT_ONCE
    for row in range(0, n_rows, AT_ONCE):
        column = 0
        for root in trees.roots:
            a = b = c = d = e = f = g = h = root
            while True:
                a2, b2 = _step(matrix, row, trees, a), _step(matrix, row + 1, trees, b)
                c2, d2 = _step(matrix, row + 2, trees, c), _step(matrix, row + 3, trees, d)
                e2, f2 = _step(matrix, row + 4, trees, e), _step(matrix, row + 5, trees, f)
                g2, h2 = _step(matrix, row + 6, trees, g), _step(matrix, row + 7, trees, h)
                if (
                    a == a2
                    and b == b2
                    and c == c2
                    and d == d2
                    and e == e2
                    and f == f2
                    and g == g2
                    and h == h2
                ):
                    break
                a, b, c, d, e, f, g, h = a2, b2, c2, d2, e2, f2, g2, h2
            for place, node in enumerate((a, b, c, d, e, f, g, h)):
                _add_leaf(totals, row + place, column, trees, node)
            column = (column + trees.values.shape[1]) % totals.shape[1]
    return n_rows


@part
def _lowest_bit(word: Any) -> Any:
    return PLACES[((word & (~word + ONE)) * SEQUENCE) >> TOP_SIX]


@part
def _by_words(matrix: Any, words: Any, values: Any, totals: Any) -> None:
    """All rows through trees whose leaves fit a word; many rows answer a question at once."""
    left = np.empty(ROWS_OF_A_QUESTION, np.uint64)
    for first in range(0, matrix.shape[0], ROWS_OF_A_QUESTION):
        columns = np.ascontiguousarray(matrix[first : first + ROWS_OF_A_QUESTION].T)
        column = 0
        for tree in range(len(words.leaves)):
            left[:] = ALL_LEAVES
            for place in range(words.begins[tree], words.begins[tree + 1]):
                question = words.questions[place]
                asked, limit, word = columns[question.feature], question.threshold, question.word
                for row in range(len(asked)):
                    left[row] &= word if asked[row] > limit else ALL_LEAVES
            for row in range(columns.shape[1]):
                leaf = words.leaves[tree, _lowest_bit(left[row])]
                for place in range(values.shape[1]):
                    totals[first + row, column + place] += values[leaf, place]
            column = (column + values.shape[1]) % totals.shape[1]


@machine_code()
def add_few(matrix: Any, trees: Any, totals: Any) -> Any:
    """Adds the leaves' values of 64-bit rows to `totals`, rows × outputs: tree after tree, each to the columns behind
    its forerunner's and from the first again. DONE, or what the native model has to see, and `totals` is then void."""
    cast, gaps, infinite = _cast(matrix, trees.limits)
    if infinite and trees.refuses_infinities:
        return TOO_LARGE
    if gaps or len(trees.category):
        return _with_gaps(cast, trees, totals)
    _plain(cast, _side_by_side(cast, trees, totals), trees, totals)
    return DONE


@machine_code(without_lock=True)
def add_many(matrix: Any, trees: Any, words: Any, totals: Any) -> Any:
    """As `add_few`, while other threads run, and by words where there are some."""
    cast, gaps, infinite = _cast(matrix, trees.limits)
    if infinite and trees.refuses_infinities:
        return TOO_LARGE
    if gaps or len(trees.category):
        return _with_gaps(cast, trees, totals)
    if len(words.leaves):
        _by_words(cast, words, trees.values, totals)
    else:
        _plain(cast, _side_by_side(cast, trees, totals), trees, totals)
    return DONE
