"""Rows through trees as machine code. `trees` loads it at the first form with trees, and checks the arrays before.

Many walkers go down together, a step each in turn, so that none waits alone for its node to come from memory: one row's
in all its trees or, where rows are more than trees, all rows' in one tree. The values at a row's leaves are added tree
by tree, as the native loops do, so the sums are theirs to the bit.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from mlregistry.lib.machine_code import machine_code, part
from mlregistry.ml.compiling.tree_words import MOST_LEAVES
from mlregistry.ml.compiling.trees import BY_CODE, LEAF, MISSING_RIGHT, N_CODES

ROWS_AT_ONCE = 128
# Places are unsigned: of a signed one the compiler asks each time whether it counts from the end.
Place = np.uint64
COLUMN, SLOT = Place(BY_CODE - 1), Place(LEAF - 1)
ALL_LEAVES, ONE = np.uint64(2**MOST_LEAVES - 1), np.uint64(1)
# Each six bits in a row of this sequence are others, so those at the top after its product with 2**n tell n
# (Leiserson, Prokop and Randall: Using de Bruijn sequences to index a 1 in a computer word, 1998).
SEQUENCE, TOP_SIX = np.uint64(0x03F79D71B4CB0A89), np.uint64(58)
PLACES = np.zeros(MOST_LEAVES, np.int64)
PLACES[[((int(SEQUENCE) << n) % 2**64) >> 58 for n in range(64)]] = np.arange(64)


class Laid(NamedTuple):
    """Trees as `trees` lays them for the loops; the first nodes are the roots."""

    nodes: Any
    goes: Any
    values: Any
    n_trees: Any


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


@machine_code(within=True)
def _walk(matrix: Any, row: Any, tree: Any, for_rows: Any, laid: Any, odd: Any, walkers: Any) -> Any:
    """Takes walkers from roots to the slots of their leaves: the first in this row and tree, each further one in the
    next row, or in the next tree where `for_rows` is 0. False for an unknown code. Only `odd` matrices have gaps or
    codes."""
    at, names, slots = walkers[0], walkers[1], walkers[2]
    n_walkers, is_known = Place(at.size), True
    for name in range(n_walkers):
        at[name], names[name] = tree + name * (ONE - for_rows), name
    while n_walkers:
        on = Place(0)
        for place in range(n_walkers):
            name, asked = names[place], laid.nodes[at[place]]
            left = Place(asked.left)
            slots[name] = left & SLOT
            value = matrix[row + name * for_rows, asked.feature & COLUMN]
            right = value > asked.threshold
            if odd:
                if value != value:
                    right = asked.feature >= MISSING_RIGHT
                elif asked.feature & Place(BY_CODE):
                    is_known &= value < N_CODES
                    right = _by_code(value, asked, laid.goes)
            at[on], names[on] = left + Place(right), name
            on += Place(left < Place(LEAF))  # at a leaf its walk has ended
        n_walkers = on
    return is_known


@part
def _by_code(value: Any, asked: Any, goes: Any) -> Any:
    if value < 0:
        return asked.feature >= MISSING_RIGHT
    return value < N_CODES and goes[Place(asked.threshold), Place(value)]


@part
def _walked(matrix: Any, row: Any, tree: Any, for_rows: Any, laid: Any, odd: Any, walkers: Any) -> Any:
    # Compiled twice, so that rows without gaps are not asked for them.
    if odd:
        return _walk(matrix, Place(row), Place(tree), Place(for_rows), laid, True, walkers)
    return _walk(matrix, Place(row), Place(tree), Place(for_rows), laid, False, walkers)


@part
def _row_by_row(matrix: Any, laid: Any, odd: Any, totals: Any) -> Any:
    walkers, width = np.empty((3, laid.n_trees), Place), laid.values.shape[1]
    in_turn = totals.shape[1] // width
    for row in range(matrix.shape[0]):
        if not _walked(matrix, row, 0, 0, laid, odd, walkers):
            return False
        for column in range(totals.shape[1]):
            total = totals[row, column]
            for tree in range(column // width, laid.n_trees, in_turn):
                total += laid.values[walkers[2, tree], column % width]
            totals[row, column] = total
    return True


@part
def _add_leaves(totals: Any, first: Any, tree: Any, slots: Any, values: Any) -> None:
    """Those of rows from `first` on in a tree."""
    width = values.shape[1]
    column = tree * width % totals.shape[1]
    for row in range(slots.size):
        for place in range(width):
            totals[first + row, column + place] += values[slots[row], place]


@part
def _tree_by_tree(matrix: Any, laid: Any, odd: Any, totals: Any) -> Any:
    walkers = np.empty((3, ROWS_AT_ONCE), Place)
    for first in range(0, matrix.shape[0], ROWS_AT_ONCE):
        some = walkers[:, : matrix.shape[0] - first]
        for tree in range(laid.n_trees):
            if not _walked(matrix, first, tree, 1, laid, odd, some):
                return False
            _add_leaves(totals, first, tree, some[2], laid.values)
    return True


@part
def _lowest_bit(word: Any) -> Any:
    return PLACES[((word & (~word + ONE)) * SEQUENCE) >> TOP_SIX]


@part
def _by_words(matrix: Any, words: Any, values: Any, totals: Any) -> None:
    """All rows through trees whose leaves fit a word; many rows answer a question at once."""
    left, slots = np.empty(ROWS_AT_ONCE, Place), np.empty(ROWS_AT_ONCE, Place)
    columns = np.empty((matrix.shape[1], ROWS_AT_ONCE), matrix.dtype)
    for first in range(0, matrix.shape[0], ROWS_AT_ONCE):
        n_rows = min(ROWS_AT_ONCE, matrix.shape[0] - first)
        for row in range(n_rows):
            for column in range(matrix.shape[1]):
                columns[column, row] = matrix[first + row, column]
        for tree in range(len(words.leaves)):
            for row in range(n_rows):
                left[row] = ALL_LEAVES
            for place in range(words.begins[tree], words.begins[tree + 1]):
                question = words.questions[place]
                asked, limit, word = columns[question.feature], question.threshold, question.word
                for row in range(n_rows):
                    left[row] &= word if asked[row] > limit else ALL_LEAVES
            for row in range(n_rows):
                slots[row] = words.leaves[tree, _lowest_bit(left[row])]
            _add_leaves(totals, first, tree, slots[:n_rows], values)


@part
def _sums(matrix: Any, start: Any, over: Any, totals: Any, laid: Any, words: Any) -> Any:
    for row in range(totals.shape[0]):
        for column in range(totals.shape[1]):
            totals[row, column] = start[column]
    cast, gaps, infinite = _cast(matrix, laid.nodes.threshold)
    odd, done = gaps or len(laid.goes) > 0, True
    if infinite and cast.itemsize == 4:
        done = False
    elif words is not None and not odd and len(words.leaves):
        _by_words(cast, words, laid.values, totals)
    elif totals.shape[0] > laid.n_trees:
        done = _tree_by_tree(cast, laid, odd, totals)
    else:
        done = _row_by_row(cast, laid, odd, totals)
    for row in range(totals.shape[0]):
        for column in range(totals.shape[1]):
            totals[row, column] /= over
    return done


@machine_code()
def add_few(matrix: Any, start: Any, over: Any, totals: Any, *laid: Any) -> Any:
    """Makes the `totals` of 64-bit rows, rows × outputs: to `start` are added the leaves' values, tree after tree, each
    to the columns behind its forerunner's and from the first again, and the sums are divided by `over`. False where the
    native model has to see what is too large for 32 bits or a code beyond the last; `totals` is then void.

    Each part of what is `Laid` by itself: a call that takes a tuple of arrays apart costs a microsecond more."""
    return _sums(matrix, start, over, totals, Laid(*laid), None)


@machine_code(without_lock=True)
def add_many(matrix: Any, start: Any, over: Any, totals: Any, words: Any, *laid: Any) -> Any:
    """As `add_few`, while other threads run, and by words where there are some."""
    return _sums(matrix, start, over, totals, Laid(*laid), words)
