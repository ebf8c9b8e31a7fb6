"""Boosted regression trees as plain numbers: kept as JSON, read without scikit-learn. Called by estimated.

Of HistGradientBoostingRegressor without categorical features; checked against its own `predict` by the tests.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mlregistry.errors import Invalid
from mlregistry.lib.lazily import lazily

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    from sklearn import ensemble

    Floats = npt.NDArray[np.float64]
else:
    np = lazily("numpy")

MOST_NODES = 100_000


@dataclass(frozen=True)
class Tree:
    """Nodes from the root on; a leaf's `left` and `right` are itself. `missing_left` is 1 where NaN goes left."""

    feature: tuple[int, ...]
    threshold: tuple[float, ...]
    left: tuple[int, ...]
    right: tuple[int, ...]
    missing_left: tuple[int, ...]
    value: tuple[float, ...]
    depth: int

    def add_to(self, totals: Floats, rows: Floats) -> None:
        """Adds to each row's total the value of the leaf that it reaches."""
        feature, threshold = np.array(self.feature), np.array(self.threshold)
        left, right = np.array(self.left), np.array(self.right)
        missing_left, places = np.array(self.missing_left, dtype=bool), np.arange(len(rows))
        at = np.zeros(len(rows), dtype=np.int64)
        for _ in range(self.depth):
            found = rows[places, feature[at]]
            goes_left = np.where(np.isnan(found), missing_left[at], found <= threshold[at])
            at = np.where(goes_left, left[at], right[at])
        totals += np.array(self.value)[at]


@dataclass(frozen=True)
class Trees:
    """The sum of all trees and the start."""

    start: float
    n_features: int
    trees: tuple[Tree, ...]

    def predict(self, rows: Floats) -> Floats:
        """One figure per row; Invalid for rows of another width."""
        if rows.ndim != 2 or rows.shape[1] != self.n_features:
            raise Invalid(f"There must be {self.n_features} figures in each row.", field="rows")
        totals = np.full(len(rows), self.start)
        for tree in self.trees:
            tree.add_to(totals, rows)
        return totals


def trees_of(model: ensemble.HistGradientBoostingRegressor) -> Trees:
    """Of a fitted model."""
    return Trees(
        float(np.ravel(model._baseline_prediction)[0]),
        int(model.n_features_in_),
        tuple(_tree(stage[0].nodes) for stage in model._predictors),
    )


def checked(trees: Trees) -> Trees:
    """The same, or Invalid where a node leads out of its tree."""
    if sum(len(tree.feature) for tree in trees.trees) > MOST_NODES:
        raise Invalid(f"An estimate has at most {MOST_NODES:,} nodes.")
    for tree in trees.trees:
        n = len(tree.feature)
        lists: Sequence[Sequence[Any]] = (
            tree.threshold,
            tree.left,
            tree.right,
            tree.missing_left,
            tree.value,
        )
        inside = all(0 <= node < n for node in (*tree.left, *tree.right))
        known = all(0 <= feature < trees.n_features for feature in tree.feature)
        if not n or any(len(one) != n for one in lists) or not inside or not known or not 0 <= tree.depth < n:
            raise Invalid("These trees are damaged.")
    return trees


def _tree(nodes: Any) -> Tree:
    places = np.arange(len(nodes))
    leaf = nodes["is_leaf"].astype(bool)
    return Tree(
        feature=tuple(np.where(leaf, 0, nodes["feature_idx"]).tolist()),
        threshold=tuple(np.where(leaf, 0.0, np.minimum(nodes["num_threshold"], 1e300)).tolist()),
        left=tuple(np.where(leaf, places, nodes["left"]).tolist()),
        right=tuple(np.where(leaf, places, nodes["right"]).tolist()),
        missing_left=tuple(nodes["missing_go_to_left"].astype(int).tolist()),
        value=tuple(nodes["value"].tolist()),
        depth=int(nodes["depth"].max()),
    )
