"""Many trees evaluated at once: all lie side by side in flat arrays, and rows × trees go down one level per step.

Siblings are neighbours, so a step is `left[node] + (value > threshold[node])`; a leaf points at itself.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from mlregistry.errors import Invalid
from mlregistry.ml.compiling import tree_batches, tree_rows
from mlregistry.ml.compiling.forms import Array, Form, Refused, Run, need

BLOCK = 16_384  # rows × trees at once: the working arrays stay in the cache
LOOPED_BLOCK = 16 * BLOCK  # where scikit-learn's loop has none, and each tree costs a call
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
    depth: int
    n_features: int
    category: Array | None = None
    goes: Array | None = None

    @property
    def may_loop(self) -> bool:
        """Whether scikit-learn's loop decides as they do: it knows 32-bit values and no categories."""
        return self.threshold.dtype == np.float32 and self.category is None


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
    depth = _depth(left, roots, form)
    is_leaf = left == np.arange(n)
    leaves_stay = bool((threshold[is_leaf] == np.inf).all()) and not bool(missing_right[is_leaf].any())
    need(leaves_stay and (category is None or bool((category[is_leaf] < 0).all())), form)
    pointers = [values_.astype(np.int64) for values_ in (roots, feature, left, slot)]
    return Trees(
        pointers[0], pointers[1], threshold, pointers[2], missing_right, pointers[3], values, depth,
        n_features, category, goes,
    )  # fmt: skip


def _categories(form: Form, n: int) -> tuple[Array | None, Array | None]:
    if "category" not in form.arrays:
        return None, None
    goes = form.flags("goes", ndim=2)
    category = form.places("category", below=max(len(goes), 1), low=-1).astype(np.int64)
    need(len(category) == n and goes.shape[1] == N_CODES, form)
    return category, goes


def _depth(left: Array, roots: Array, form: Form) -> int:
    """Steps from a root to the deepest leaf; children lie behind their parent, so nothing can go round."""
    places = np.arange(len(left))
    inner = left != places
    if bool((left[inner] <= places[inner]).any()) or bool((left[inner] + 1 >= len(left)).any()):
        raise Invalid(f"The nodes of {form.op} do not form trees.", field="left")
    depth, level = 0, np.unique(roots)
    while len(level):
        parents = level[inner[level]]
        if not len(parents):
            return depth
        depth += 1
        if depth > DEEPEST:
            raise Invalid(f"The trees of {form.op} are too deep.", field="left")
        level = np.unique(np.concatenate([left[parents], left[parents] + 1]))
    return depth


def leaves_of(trees: Trees) -> Callable[[Array], Array]:
    """A function from a matrix to the values at its leaves: trees × rows × outputs."""
    kind = trees.threshold.dtype
    by_loop = tree_batches.leaves_by_loop(
        trees.feature, trees.threshold, trees.left, trees.missing_right, trees.slot, trees.roots, trees.n_features
    )  # fmt: skip
    single = tree_rows.descend_of(
        trees.feature, trees.threshold, trees.left, trees.slot, trees.roots, trees.depth
    )

    def leaves(matrix: Array) -> Array:
        if matrix.shape[1] != trees.n_features:
            raise Refused
        cast = np.ascontiguousarray(matrix, dtype=kind)
        odd = not math.isfinite(np.add.reduce(cast, axis=None))
        if odd and kind == np.float32 and np.isinf(cast).any():
            raise Refused  # too large for the native tree, which refuses it
        plain = trees.category is None and not (odd and bool(np.isnan(cast).any()))
        if plain and len(cast) == 1:
            return trees.values.take(single(cast), axis=0)[:, None, :]
        if trees.may_loop and len(cast) >= tree_batches.FEWEST_ROWS:
            return trees.values.take(by_loop(cast), axis=0)
        return trees.values.take(trees.slot.take(_descend(trees, cast, plain=plain)), axis=0)

    return leaves


def _descend(trees: Trees, matrix: Array, *, plain: bool) -> Array:
    """The leaf of each tree and row. Those that arrive early are no longer carried along."""
    n_rows, n_trees = len(matrix), len(trees.roots)
    flat, starts = matrix.ravel(), np.arange(n_rows) * trees.n_features
    found = np.repeat(trees.roots, n_rows)
    offsets = np.tile(starts, n_trees)
    on_the_way, nodes = np.arange(len(found)), found
    for level in range(trees.depth):
        values = flat.take(trees.feature.take(nodes) + offsets)
        right = values > trees.threshold.take(nodes)
        if not plain:
            _turn(trees, nodes, values, right)
        following = trees.left.take(nodes) + right
        if level % 3 == 2:
            moving = following != nodes
            found[on_the_way] = following
            on_the_way, offsets, nodes = on_the_way[moving], offsets[moving], following[moving]
            if not len(nodes):
                break
        else:
            nodes = following
    found[on_the_way] = nodes
    return found.reshape(n_trees, n_rows)


def _turn(trees: Trees, nodes: Array, values: Array, right: Array) -> None:
    """Corrects `right` where a value is missing or the node asks for a category."""
    gaps = np.isnan(values)
    if trees.category is not None and trees.goes is not None:
        rows = trees.category.take(nodes)
        asked = np.flatnonzero((rows >= 0) & ~gaps)
        codes = values[asked]
        if len(codes) and codes.max() >= N_CODES:
            raise Refused
        known = codes >= 0
        right[asked[known]] = trees.goes[rows[asked[known]], codes[known].astype(np.int64)]
        gaps[asked[~known]] = True
    right[gaps] = trees.missing_right.take(nodes[gaps])


def blocks(n_rows: int, size: int) -> list[slice]:
    return [slice(start, start + size) for start in range(0, n_rows, size)]


def summed(leaf_values: Array, start: Array | float) -> Array:
    """trees × rows × outputs added up tree by tree, as the native loop does: rows × outputs."""
    leaf_values[0] += start
    if leaf_values.shape[1] * leaf_values.shape[2] == 1:
        return np.add.accumulate(leaf_values[:, 0, :], axis=0)[-1:]
    found: Array = np.add.reduce(leaf_values, axis=0)
    return found


def _by_blocks(trees: Trees, combine: Callable[[Array], Array]) -> Run:
    leaves = leaves_of(trees)
    size = max(1, (LOOPED_BLOCK if trees.may_loop else BLOCK) // len(trees.roots))

    def run(matrix: Array) -> Array:
        if len(matrix) == 1:
            return combine(leaves(matrix))
        parts = [combine(leaves(matrix[rows])) for rows in blocks(len(matrix), size)]
        return np.concatenate(parts) if len(parts) != 1 else parts[0]

    return run


def forest(form: Form, parts: list[Run]) -> Run:
    """The mean over the trees."""
    trees = trees_of(form)
    n_trees = len(trees.roots)
    return _by_blocks(trees, lambda values: summed(values, 0.0) / n_trees)


def boosted(form: Form, parts: list[Run]) -> Run:
    """`start` plus the trees' values; with several outputs the trees take turns."""
    trees, start = trees_of(form), form.floats("start", ndim=1)
    n_outputs = len(start)
    need(n_outputs > 0 and trees.values.shape[1] == 1 and len(trees.roots) % n_outputs == 0, form)

    def combine(values: Array) -> Array:
        in_turns = values.reshape(-1, n_outputs, values.shape[1]).transpose(0, 2, 1)
        return summed(np.ascontiguousarray(in_turns), start)

    return _by_blocks(trees, combine)


def boosted_singles(form: Form, parts: list[Run]) -> Run:
    """As `boosted`, added up in 32 bits one tree after the other, as XGBoost does; the sums come back in 64 bits."""
    trees, start = trees_of(form), form.floats("start", ndim=1).astype(np.float32)
    n_outputs = len(start)
    need(n_outputs > 0 and trees.values.shape[1] == 1 and len(trees.roots) % n_outputs == 0, form)
    single = replace(trees, values=trees.values.astype(np.float32))

    def combine(values: Array) -> Array:
        in_turns = values.reshape(-1, n_outputs, values.shape[1]).transpose(0, 2, 1)
        return summed(np.ascontiguousarray(in_turns), start).astype(np.float64)

    return _by_blocks(single, combine)


def each_tree(form: Form, parts: list[Run]) -> Run:
    """rows × trees: the value of each tree alone."""
    trees = trees_of(form)
    need(trees.values.shape[1] == 1, form)
    return _by_blocks(trees, lambda values: values[:, :, 0].T)


OPS: dict[str, Any] = {
    "forest": forest, "boosted": boosted, "boosted_singles": boosted_singles, "each_tree": each_tree,
}  # fmt: skip
