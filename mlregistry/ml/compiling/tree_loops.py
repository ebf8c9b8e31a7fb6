"""Rows through trees as machine code. `trees` loads it at the first form with trees, and checks the arrays before.

A right child follows its left sibling, and a leaf points at itself. The values at a row's leaves are added tree by
tree, as the native loops do, so the sums are theirs to the bit.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from mlregistry.lib.machine_code import machine_code, part

AT_ONCE = 8  # rows that go down a tree side by side: one waits for its node while the others are served
N_CODES = 256
DONE, TOO_LARGE, UNKNOWN_CODE = 0, 1, 2
NEITHER = 2  # to the left nor to the right


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
def _added(matrix: Any, trees: Any, totals: Any) -> Any:
    cast, gaps, infinite = _cast(matrix, trees.limits)
    if infinite and trees.refuses_infinities:
        return TOO_LARGE
    if gaps or len(trees.category):
        return _with_gaps(cast, trees, totals)
    _plain(cast, _side_by_side(cast, trees, totals), trees, totals)
    return DONE


@machine_code()
def add_few(matrix: Any, trees: Any, totals: Any) -> Any:
    """Adds the leaves' values of 64-bit rows to `totals`, rows × outputs: tree after tree, each to the columns behind
    its forerunner's and from the first again. DONE, or what the native model has to see, and `totals` is then void."""
    return _added(matrix, trees, totals)


@machine_code(without_lock=True)
def add_many(matrix: Any, trees: Any, totals: Any) -> Any:
    """As `add_few`, while other threads run."""
    return _added(matrix, trees, totals)
