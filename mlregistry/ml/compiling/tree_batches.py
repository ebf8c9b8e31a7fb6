"""Many rows through many trees by scikit-learn's own loop, over trees that are made of a form's arrays.

`trees` uses it for large requests. No estimator and no pickle is needed for it, and threads leave it the interpreter.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from mlregistry.lib.lazily import lazily
from mlregistry.ml.compiling.forms import Array

if TYPE_CHECKING:
    from sklearn.tree import _tree
else:
    _tree = lazily("sklearn.tree._tree")

FEWEST_ROWS = 64  # below, the calls, one for each tree, cost more than they save
LEAF, NO_FEATURE = -1, -2
Leaves = Callable[[Array], Array]


def leaves_by_loop(
    feature: Array, threshold: Array, left: Array, missing_right: Array, slot: Array, roots: Array, n_features: int
) -> Leaves:  # fmt: skip
    """A function from a matrix of float32 to trees × rows: the slot of each tree's leaf.

    Its first call makes the trees. The arrays are those of `trees.Trees`, checked: siblings are neighbours behind
    their parent.
    """
    made: list[tuple[Any, Array]] | None = None

    def leaves(matrix: Array) -> Array:
        nonlocal made
        if made is None:  # threads that come first together each make them; none may see some of them
            made = [
                _tree_at(root, feature, threshold, left, missing_right, slot, n_features)
                for root in roots.tolist()
            ]
        return np.stack([slots.take(tree.apply(matrix)) for tree, slots in made])

    return leaves


def _tree_at(
    root: int, feature: Array, threshold: Array, left: Array, missing_right: Array, slot: Array, n_features: int
) -> tuple[Any, Array]:  # fmt: skip
    """A tree of scikit-learn's with the nodes below a root in their order, and the slots of its nodes."""
    own, depth = _below(left, root)
    is_leaf = left[own] == own
    lower = np.where(is_leaf, LEAF, np.searchsorted(own, left[own]))
    nodes = np.zeros(len(own), dtype=_tree.NODE_DTYPE)
    nodes["left_child"], nodes["right_child"] = lower, np.where(is_leaf, LEAF, lower + 1)
    nodes["feature"] = np.where(is_leaf, NO_FEATURE, feature[own])
    nodes["threshold"] = np.where(is_leaf, NO_FEATURE, threshold[own])
    nodes["missing_go_to_left"] = ~missing_right[own]
    tree = _tree.Tree(n_features, np.ones(1, dtype=np.intp), 1)
    tree.__setstate__(
        {"max_depth": depth, "node_count": len(own), "nodes": nodes, "values": np.zeros((len(own), 1, 1))}
    )
    return tree, slot[own]


def _below(left: Array, root: int) -> tuple[Array, int]:
    """The nodes of a tree, ascending, and its depth."""
    level = np.array([root])
    found = [level]
    while len(inner := level[left[level] != level]):
        level = np.unique(np.concatenate([left[inner], left[inner] + 1]))
        found.append(level)
    return np.unique(np.concatenate(found)), len(found) - 1
