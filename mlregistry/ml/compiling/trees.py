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
    need(len(roots) > 0 and len(values) > 0 and n_features > 0, form)
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
    need(len(category) == n and goes.shape[1] == N_CODES, form)
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


def totals_of(trees: Trees, start: Array) -> Run:
    """From a matrix to rows × outputs: `start`, and the values at each row's leaves added to it tree by tree, in the
    precision of the values. There are as many outputs as in `start`; trees of fewer take turns."""
    kind, n_outputs = trees.threshold.dtype, len(start)
    nodes = np.zeros(len(trees.left), [("threshold", kind), ("feature", np.int32), ("left", np.int32)])
    nodes["threshold"], nodes["feature"], nodes["left"] = trees.threshold, trees.feature, trees.left
    no_category = trees.category is None or trees.goes is None
    category = np.zeros(0, np.int32) if no_category else np.asarray(trees.category, dtype=np.int32)
    goes = np.zeros((0, N_CODES), np.bool_) if no_category else np.ascontiguousarray(trees.goes)
    slot, roots = trees.slot.astype(np.int32), trees.roots.astype(np.int64)
    laid = tree_loops.Laid(
        nodes, np.ascontiguousarray(trees.missing_right), category, goes, slot, roots,
        np.ascontiguousarray(trees.values), np.zeros(0, dtype=kind), bool(kind == np.float32),
    )  # fmt: skip

    words = tree_loops.Words(*tree_words.words_of(trees))

    def run(matrix: Array) -> Array:
        if matrix.shape[1] != trees.n_features:
            raise Refused
        totals = np.empty((len(matrix), n_outputs), dtype=trees.values.dtype)
        totals[:] = start
        rows = np.ascontiguousarray(matrix, dtype=np.float64)
        if len(rows) <= FEW:
            found = tree_loops.add_few(rows, laid, totals)
        else:
            found = tree_loops.add_many(rows, laid, words, totals)
        # A 32-bit tree refuses what is too large for it, and so does a tree that does not know a category's code.
        if found != tree_loops.DONE:
            raise Refused
        return totals

    for n_rows in (1, FEW + 1):  # compiled before the first request waits for it
        run(np.zeros((n_rows, trees.n_features)))
    return run


def forest(form: Form, parts: list[Run]) -> Run:
    """The mean over the trees."""
    trees = trees_of(form)
    n_trees, totals = len(trees.roots), totals_of(trees, np.zeros(trees.values.shape[1]))
    return lambda matrix: totals(matrix) / n_trees


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
