"""How much features say the same, and which of them form clusters. Called by correlation pruning and the study."""

from __future__ import annotations

import numpy as np
from scipy.cluster import hierarchy
from scipy.spatial.distance import squareform

from mlregistry.ml.selection.ranking import Array, standardised

THRESHOLD = 0.8


def association(X: Array, groups: Array) -> Array:
    """A symmetric matrix by feature, 0 to 1: the root of the RV coefficient of their standardised columns.

    For two features of one column each it is |r| of Pearson; for one-hot columns it is 1 only when both features
    part the rows alike (Robert and Escoufier 1976). A constant feature is associated with none.
    """
    return between(X, groups, X, groups)


def between(X: Array, x_groups: Array, Y: Array, y_groups: Array) -> Array:
    """The same between the features of two matrices of the same rows."""
    squares = _squares(_folded(_correlations(X, Y) ** 2, x_groups, y_groups))
    scale = np.sqrt(np.outer(_own(X, x_groups), _own(Y, y_groups)))
    share = np.divide(squares, scale, out=np.zeros_like(squares), where=scale > 0)
    roots: Array = np.sqrt(np.clip(share, 0.0, 1.0))
    return roots


def signed(X: Array, groups: Array) -> Array:
    """`association` with the sign of r wherever both features are one column."""
    values = association(X, groups)
    single = np.bincount(groups) == 1
    place = np.array([int(np.argmax(groups == number)) for number in range(len(single))])
    signs = np.sign(_correlations(X, X)[np.ix_(place, place)])
    return np.where(np.outer(single, single) & (signs != 0), values * signs, values)


def tree(association: Array) -> Array:
    """SciPy's linkage over 1 − association, complete: all pairs of a cluster are at least that close."""
    distances = 1.0 - association
    np.fill_diagonal(distances, 0.0)
    return np.asarray(hierarchy.linkage(squareform(distances, checks=False), method="complete"))


def clusters(association: Array, threshold: float = THRESHOLD) -> Array:
    """The cluster number of each feature, from 0 on; within a cluster every pair reaches the threshold."""
    if len(association) < 2:
        return np.zeros(len(association), dtype=np.int64)
    numbers = hierarchy.fcluster(tree(association), 1.0 - threshold + 1e-12, criterion="distance")
    return np.asarray(numbers, dtype=np.int64) - 1


def leaf_order(association: Array) -> Array:
    """The features so that close ones are neighbours."""
    if len(association) < 3:
        return np.arange(len(association))
    return np.asarray(hierarchy.leaves_list(tree(association)))


def _correlations(X: Array, Y: Array) -> Array:
    return standardised(X).T @ standardised(Y) / len(X)


def _folded(values: Array, rows: Array, columns: Array) -> Array:
    """Summed over the columns of each feature."""
    sums: Array = _membership(rows).T @ values @ _membership(columns)
    return sums


def _membership(groups: Array) -> Array:
    member: Array = (groups[:, None] == np.arange(groups.max() + 1)[None, :]).astype(np.float64)
    return member


def _own(X: Array, groups: Array) -> Array:
    """The squares of a feature with itself, feature by feature."""
    found = np.zeros(int(groups.max()) + 1)
    for number in range(len(found)):
        columns = X[:, groups == number]
        found[number] = (_correlations(columns, columns) ** 2).sum()
    return found


def _squares(values: Array) -> Array:
    return np.clip(values, 0.0, None)
