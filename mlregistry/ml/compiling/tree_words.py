"""Small trees as questions that all rows answer, where many rows come together. `trees` makes them for `tree_loops`.

A node that sends a row to the right rules out the leaves on its left; the first leaf that is left in the tree is the
row's (QuickScorer, Lucchese et al., SIGIR 2015). A word of 64 bits holds which leaves are left.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from mlregistry.ml.compiling.forms import Array

if TYPE_CHECKING:
    from mlregistry.ml.compiling.trees import Trees

MOST_LEAVES = 64
MOST_QUESTIONS = 60_000  # beyond, asking the few on the row's own way is quicker


def words_of(trees: Trees) -> tuple[Array, Array, Array]:
    """Questions, where those of each tree begin (and the last end), and slots of leaves, trees × 64; all empty for
    trees with too many leaves or questions, with categories, and for nodes that several trees share."""
    kind = [("threshold", trees.threshold.dtype), ("feature", np.int32), ("word", np.uint64)]
    nothing = np.zeros(0, kind), np.zeros(0, np.int64), np.zeros((0, MOST_LEAVES), np.int32)
    if len(trees.left) > MOST_QUESTIONS or trees.category is not None:
        return nothing
    known = _leaves_below(trees.left, trees.roots)
    if known is None or known[2].max() > MOST_LEAVES:
        return nothing
    tree, first, n_leaves = known
    is_leaf = trees.left == np.arange(len(trees.left))
    inner = np.flatnonzero(~is_leaf)
    inner = inner[np.argsort(tree[inner], kind="stable")]
    questions = np.zeros(len(inner), kind)
    questions["threshold"], questions["feature"] = trees.threshold[inner], trees.feature[inner]
    lower = trees.left[inner]
    ruled_out = [
        ((1 << n) - 1) << at for n, at in zip(n_leaves[lower].tolist(), first[inner].tolist(), strict=True)
    ]
    questions["word"] = ~np.array(ruled_out, dtype=np.uint64)
    slots = np.zeros((len(trees.roots), MOST_LEAVES), np.int32)
    slots[tree[is_leaf], first[is_leaf]] = trees.slot[is_leaf]
    return questions, np.searchsorted(tree[inner], np.arange(len(trees.roots) + 1)), slots


def _leaves_below(left: Array, roots: Array) -> tuple[Array, Array, Array] | None:
    """Of each node: its tree, the place of its first leaf from the left, and how many leaves it has; None where it has
    no one parent or root. Children lie behind their parents."""
    inner = left != np.arange(len(left))
    lower = left[inner]
    if not np.array_equal(np.sort(np.concatenate([roots, lower, lower + 1])), np.arange(len(left))):
        return None
    children, tree, first = left.tolist(), [0] * len(left), [0] * len(left)
    n_leaves = [1] * len(left)
    for node in reversed(range(len(left))):
        if children[node] != node:
            n_leaves[node] = n_leaves[children[node]] + n_leaves[children[node] + 1]
    for number, root in enumerate(roots.tolist()):
        tree[root] = number
    for node, child in enumerate(children):
        if child != node:
            tree[child] = tree[child + 1] = tree[node]
            first[child], first[child + 1] = first[node], first[node] + n_leaves[child]
    return np.array(tree), np.array(first), np.array(n_leaves)
