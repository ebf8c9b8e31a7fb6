"""Forms of many trees, which lie side by side in flat arrays. `tree_loops` takes the rows through them.

Siblings are neighbours, so a step is `left[node] + (value > threshold[node])`; a leaf points at itself.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from mlregistry.errors import Invalid
from mlregistry.lib.lazily import lazily
from mlregistry.ml.compiling import tree_words
from mlregistry.ml.compiling.forms import Array, Form, Refused, Run, need

if TYPE_CHECKING:
    from mlregistry.ml.compiling import tree_loops
else:
    tree_loops = lazily("mlregistry.ml.compiling.tree_loops")

FEW = 16  # rows, done sooner than the interpreter is handed to another thread and back
N_CODES = 256
DEEPEST = 10_000
# In the records of nodes: LEAF is in `left` with a leaf's slot, the others are in `feature`.
LEAF, MISSING_RIGHT, BY_CODE = 2**31, 2**31, 2**30


@dataclass(frozen=True)
class Trees:
    """`category` numbers the node's row of `goes` (right or not, per code), −1 for a threshold."""

    roots: Array
    feature: Array
    threshold: Array
    left: Array
    missing_right: Array
    slot: Array
    values: Array
    n_features: int
    category: Array | None = None
    goes: Array | None = None


def trees_of(form: Form) -> Trees:
    """The checked trees of a form; Invalid for a place outside, a cycle, or arrays that do not fit."""
    n_features = int(form.options["n_features"])
    threshold = form.floats("threshold", ndim=1, finite=False)
    n = len(threshold)
    left = form.places("left", below=n)
    feature = form.places("feature", below=max(n_features, 1))
    values = form.floats("values", ndim=2)
    slot = form.places("slot", below=max(len(values), 1))
    roots = form.places("roots", below=n)
    missing_right = form.flags("missing_right", ndim=1)
    need(len(left) == len(feature) == len(slot) == len(missing_right) == n, form)
    need(len(roots) > 0 and len(values) > 0 and 0 < n_features < BY_CODE, form)
    category, goes = _categories(form, n)
    _must_end(left, roots, form)
    is_leaf = left == np.arange(n)
    leaves_stay = bool((threshold[is_leaf] == np.inf).all()) and not bool(missing_right[is_leaf].any())
    need(leaves_stay and (category is None or bool((category[is_leaf] < 0).all())), form)
    pointers = [values_.astype(np.int64) for values_ in (roots, feature, left, slot)]
    return Trees(
        pointers[0], pointers[1], threshold, pointers[2], missing_right, pointers[3], values, n_features,
        category, goes,
    )  # fmt: skip


def _categories(form: Form, n: int) -> tuple[Array | None, Array | None]:
    if "category" not in form.arrays:
        return None, None
    goes = form.flags("goes", ndim=2)
    category = form.places("category", below=max(len(goes), 1), low=-1).astype(np.int64)
    # A threshold of 32 bits holds no larger number of a row.
    need(len(category) == n and goes.shape[1] == N_CODES and len(goes) <= 2**24, form)
    return category, goes


def _must_end(left: Array, roots: Array, form: Form) -> None:
    """Invalid where nodes do not form trees, or too deep ones. Children lie behind their parent, so nothing can go
    round."""
    places = np.arange(len(left))
    inner = left != places
    if bool((left[inner] <= places[inner]).any()) or bool((left[inner] + 1 >= len(left)).any()):
        raise Invalid(f"The nodes of {form.op} do not form trees.", field="left")
    depth, level = 0, np.unique(roots)
    while len(parents := level[inner[level]]):
        depth += 1
        if depth > DEEPEST:
            raise Invalid(f"The trees of {form.op} are too deep.", field="left")
        level = np.unique(np.concatenate([left[parents], left[parents] + 1]))


def totals_of(trees: Trees, start: Array, *, over: int = 1) -> Run:
    """From a matrix to rows × outputs: `start`, and the values at each row's leaves added to it tree by tree, in the
    precision of the values, and divided. There are as many outputs as in `start`; trees of fewer take turns."""
    n_features, n_outputs, kind = trees.n_features, len(start), trees.values.dtype
    goes = np.zeros((0, N_CODES), np.bool_) if trees.goes is None else np.ascontiguousarray(trees.goes)
    laid = (_records(trees), goes, np.ascontiguousarray(trees.values), len(trees.roots))
    words = tree_loops.Words(*tree_words.words_of(trees))
    start, divisor = start.astype(kind), float(over)

    def run(matrix: Array) -> Array:
        if matrix.shape[1] != n_features:
            raise Refused
        rows = np.ascontiguousarray(matrix, dtype=np.float64)
        totals = np.empty((len(rows), n_outputs), dtype=kind)
        if len(rows) <= FEW:
            done = tree_loops.add_few(rows, start, divisor, totals, *laid)
        else:
            done = tree_loops.add_many(rows, start, divisor, totals, words, *laid)
        if not done:
            raise Refused
        return totals

    for n_rows in (1, FEW + 1):  # compiled before the first request waits for it
        run(np.zeros((n_rows, n_features)))
    return run


def _records(trees: Trees) -> Array:
    """The nodes as the loops read them, each in one place: threshold or row of `goes`, feature, left child or slot."""
    is_leaf = trees.left == np.arange(len(trees.left))
    kind = [("threshold", trees.threshold.dtype), ("feature", np.uint32), ("left", np.uint32)]
    nodes = np.empty(len(is_leaf), kind)
    nodes["threshold"] = trees.threshold
    nodes["feature"] = trees.feature + MISSING_RIGHT * trees.missing_right.astype(np.int64)
    nodes["left"] = np.where(is_leaf, trees.slot + LEAF, trees.left)
    if trees.category is not None:
        by_code = trees.category >= 0
        nodes["threshold"][by_code] = trees.category[by_code]
        nodes["feature"][by_code] += np.uint32(BY_CODE)
    order, pair_at = _level_by_level(trees.left, trees.roots)
    nodes["left"][~is_leaf] = pair_at[trees.left[~is_leaf]]
    return nodes[order]


def _level_by_level(left: Array, roots: Array) -> tuple[Array, Array]:
    """The nodes in the order in which they are laid, and where the pair of siblings that begins with a node is: the
    roots of all trees, then all their children, so that the first steps find many nodes in one line of the cache."""
    inner = left != np.arange(len(left))
    pair_at = np.zeros(len(left), np.int64)
    order, level, n_laid = [], roots, 0
    while len(level):
        order.append(level)
        n_laid += len(level)
        pairs = left[level[inner[level]]]
        pairs = np.unique(pairs[pair_at[pairs] == 0])
        pair_at[pairs] = n_laid + 2 * np.arange(len(pairs))
        level = np.column_stack([pairs, pairs + 1]).ravel()
    return np.concatenate(order), pair_at


def forest(form: Form, parts: list[Run]) -> Run:
    """The mean over the trees."""
    trees = trees_of(form)
    return totals_of(trees, np.zeros(trees.values.shape[1]), over=len(trees.roots))


def boosted(form: Form, parts: list[Run]) -> Run:
    """`start` plus the trees' values; with several outputs the trees take turns."""
    return totals_of(*_boosting(form))


def boosted_singles(form: Form, parts: list[Run]) -> Run:
    """As `boosted`, added up in 32 bits one tree after the other, as XGBoost does; the sums come back in 64 bits."""
    trees, start = _boosting(form)
    totals = totals_of(replace(trees, values=trees.values.astype(np.float32)), start.astype(np.float32))
    return lambda matrix: totals(matrix).astype(np.float64)


def _boosting(form: Form) -> tuple[Trees, Array]:
    trees, start = trees_of(form), form.floats("start", ndim=1)
    n_outputs = len(start)
    need(n_outputs > 0 and trees.values.shape[1] == 1 and len(trees.roots) % n_outputs == 0, form)
    return trees, start


def each_tree(form: Form, parts: list[Run]) -> Run:
    """rows × trees: the value of each tree alone."""
    trees = trees_of(form)
    need(trees.values.shape[1] == 1, form)
    return totals_of(trees, np.zeros(len(trees.roots)))


OPS: dict[str, Any] = {
    "forest": forest, "boosted": boosted, "boosted_singles": boosted_singles, "each_tree": each_tree,
}  # fmt: skip
