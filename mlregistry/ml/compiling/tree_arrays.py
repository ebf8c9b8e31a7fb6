"""Fitted trees of scikit-learn as the arrays of the form `trees` evaluates. Converters of ensembles call it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from mlregistry.ml.compiling.forms import Array, Form, Unsupported
from mlregistry.ml.compiling.trees import N_CODES

MOST_NODES = 20_000_000


@dataclass(frozen=True)
class Nodes:
    """One tree, its root first: children (−1 at leaves), what is asked, where gaps go, and values per node."""

    left: Array
    right: Array
    feature: Array
    threshold: Array
    missing_left: Array
    values: Array
    category: Array | None = None


def pack(op: str, trees: Sequence[Nodes], n_features: int, *, goes: Array | None = None, **more: Any) -> Form:
    """The trees laid side by side. Leaves ask nothing and point at themselves."""
    if sum(len(tree.left) for tree in trees) > MOST_NODES:
        raise Unsupported(f"it has more than {MOST_NODES:,} nodes")
    laid, roots, start, n_values = [], [], 0, 0
    for tree in trees:
        laid.append(_laid_out(tree, start, n_values))
        roots.append(start)
        start, n_values = start + len(laid[-1]["left"]), n_values + len(laid[-1]["values"])
    arrays = {name: np.concatenate([tree[name] for tree in laid]) for name in laid[0]}
    arrays["roots"] = np.array(roots, dtype=np.int32)
    if goes is None or not len(goes):
        arrays.pop("category")
    else:
        arrays["goes"] = goes
    return Form(op, {"n_features": n_features}, {**arrays, **more})


def _laid_out(tree: Nodes, start: int, first_value: int) -> dict[str, Array]:
    order = _siblings_together(tree.left, tree.right)
    place = np.empty(len(order), dtype=np.int64)
    place[order] = np.arange(len(order))
    leaf = tree.left[order] < 0
    left = np.where(leaf, np.arange(len(order)), place[tree.left[order]]) + start
    slot = np.where(leaf, np.cumsum(leaf) - 1 + first_value, 0)
    category = np.full(len(order), -1) if tree.category is None else tree.category[order]
    return {
        "left": left.astype(np.int32),
        "feature": np.where(leaf, 0, tree.feature[order]).astype(np.int32),
        "threshold": np.where(leaf, np.inf, tree.threshold[order]).astype(tree.threshold.dtype),
        "missing_right": ~leaf & ~tree.missing_left[order].astype(bool),
        "slot": slot.astype(np.int32),
        "values": np.ascontiguousarray(tree.values[order][leaf], dtype=np.float64),
        "category": np.where(leaf, -1, category).astype(np.int32),
    }


def _siblings_together(left: Array, right: Array) -> Array:
    """The nodes level by level, each left child right before its sibling."""
    levels = [np.array([0])]
    while True:
        parents = levels[-1][left[levels[-1]] >= 0]
        if not len(parents):
            return np.concatenate(levels)
        levels.append(np.column_stack([left[parents], right[parents]]).ravel())


def tree_nodes(tree: Any, values: Array) -> Nodes:
    """Those of a `sklearn.tree._tree.Tree`, with the values per node that the caller wants.

    A tree compares the value as float32 with a threshold in float64; the next float32 below decides alike.
    """
    state = tree.__getstate__()["nodes"]
    return Nodes(
        tree.children_left,
        tree.children_right,
        np.maximum(tree.feature, 0),
        rounded_down(tree.threshold),
        state["missing_go_to_left"].astype(bool),
        values.reshape(len(tree.children_left), -1),
    )


def rounded_down(values: Array) -> Array:
    """The largest float32 that is not above each value."""
    with np.errstate(over="ignore"):
        near = values.astype(np.float32)
    return np.where(near.astype(np.float64) > values, np.nextafter(near, np.float32(-np.inf)), near)


def histogram_nodes(predictor: Any, known: Array, known_row: Array, goes: list[Array]) -> Nodes:
    """Those of a tree of HistGradientBoosting; what its questions for categories answer is added to `goes`."""
    nodes = predictor.nodes
    leaf = nodes["is_leaf"].astype(bool)
    category = np.full(len(nodes), -1)
    for place in np.flatnonzero(nodes["is_categorical"].astype(bool) & ~leaf):
        node = nodes[place]
        to_left = _bits(predictor.raw_left_cat_bitsets[node["bitset_idx"]])
        is_known = _bits(known[known_row[node["feature_idx"]]])
        category[place] = len(goes)
        goes.append(np.where(to_left, False, is_known | (not node["missing_go_to_left"])))
    return Nodes(
        np.where(leaf, -1, nodes["left"].astype(np.int64)),
        np.where(leaf, -1, nodes["right"].astype(np.int64)),
        nodes["feature_idx"].astype(np.int64),
        nodes["num_threshold"].astype(np.float64),
        nodes["missing_go_to_left"].astype(bool),
        nodes["value"].astype(np.float64)[:, None],
        category,
    )


def _bits(words: Array) -> Array:
    """Eight words of 32 bits as one flag per code."""
    codes = np.arange(N_CODES)
    found: Array = (words[codes // 32] >> (codes % 32).astype(np.uint32)) & 1
    return found.astype(bool)
