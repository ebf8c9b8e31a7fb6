"""One row through many trees: what `trees` uses for requests of a single row, where the number of NumPy calls counts.

Small trees answer all their questions at once: a node that sends the row to the right rules out the leaves on its left,
and the first leaf that is left in the tree is the row's (QuickScorer, Lucchese et al., SIGIR 2015). In larger ones the
row goes down three levels per step: the answers to the seven questions of a block, packed into a byte, tell by a table
which of its eight ways the row takes.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from mlregistry.ml.compiling.forms import Array

MOST_NODES = 400_000  # beyond, the blocks take too much room and one level is gone at a time
MOST_AT_ONCE = 60_000  # questions; beyond, asking the few on the row's own way is quicker
MOST_LEAVES = 64  # of a tree, as many as a word has bits
EXPONENT_BITS, EXPONENT_BIAS = 52, 1023  # where a float64 keeps the place of its highest bit
N_QUESTIONS, N_WAYS = 7, 8
FIRST_LOOK = 3  # steps before it is looked whether every tree has arrived
Descend = Callable[[Array], Array]


def _ways() -> Array:
    """By the packed answers (the first question in the highest bit): which of the eight ways."""
    codes = np.arange(256)
    answers = (codes[:, None] >> np.arange(7, -1, -1)) & 1
    first = answers[:, 0]
    second = np.where(first == 1, answers[:, 2], answers[:, 1])
    third = answers[codes, 3 + 2 * first + second]
    found: Array = first * 4 + second * 2 + third
    return found


WAYS = _ways()


def descend_of(
    feature: Array, threshold: Array, left: Array, slot: Array, roots: Array, depth: int
) -> Descend:
    """The quickest way for these trees: a function from one row (1 × columns) to the slot of each tree's leaf."""
    at_once = descend_at_once(feature, threshold, left, slot, roots)
    if at_once is not None:
        return at_once
    few = len(left) <= MOST_NODES
    return (descend_by_blocks if few and depth > 1 else descend_by_levels)(
        feature, threshold, left, slot, roots, depth
    )


def descend_at_once(
    feature: Array, threshold: Array, left: Array, slot: Array, roots: Array
) -> Descend | None:
    """None for trees with too many leaves or questions, and for nodes that several trees share."""
    known = _leaves_below(left, roots) if len(left) <= MOST_AT_ONCE else None
    if known is None or known[2].max() > MOST_LEAVES:
        return None
    tree, first, n_leaves = known
    places, n_trees = np.arange(len(left)), len(roots)
    inner, leaf = places[left != places], places[left == places]
    # A question per tree that nobody answers with yes: a tree of one leaf has no other.
    trees = np.concatenate([np.arange(n_trees), tree[inner]])
    order = np.argsort(trees, kind="stable")
    asked = np.concatenate([np.zeros(n_trees, dtype=np.int64), feature[inner]])[order]
    limits = np.concatenate([np.full(n_trees, np.inf, dtype=threshold.dtype), threshold[inner]])[order]
    begins = np.searchsorted(trees[order], np.arange(n_trees))
    one = np.uint64(1)
    on_the_left = ((one << n_leaves[left[inner]].astype(np.uint64)) - one) << first[inner].astype(np.uint64)
    ruled_out = np.concatenate([np.zeros(n_trees, dtype=np.uint64), on_the_left])[order]
    slots = np.zeros((n_trees, MOST_LEAVES), dtype=np.int64)
    slots[tree[leaf], first[leaf]] = slot[leaf]
    starts = np.arange(n_trees) * MOST_LEAVES - EXPONENT_BIAS

    def descend(row: Array) -> Array:
        right = row[0].take(asked) > limits
        gone = np.bitwise_or.reduceat(ruled_out * right, begins)
        first_left = ~gone & (gone + one)  # a power of two, so its exponent as a float is the leaf's place
        return slots.take((first_left.astype(np.float64).view(np.int64) >> EXPONENT_BITS) + starts)

    return descend


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


def descend_by_levels(
    feature: Array, threshold: Array, left: Array, slot: Array, roots: Array, depth: int
) -> Descend:
    """One level per step."""
    levels = range(depth)

    def descend(row: Array) -> Array:
        values, nodes = row[0], roots
        for _ in levels:
            right = values.take(feature.take(nodes)) > threshold.take(nodes)
            nodes = left.take(nodes) + right
        return slot.take(nodes)

    return descend


def descend_by_blocks(
    feature: Array, threshold: Array, left: Array, slot: Array, roots: Array, depth: int
) -> Descend:
    """Three levels per step."""
    heads, children = _blocks(left, roots)
    inside = _questions(left, heads)
    asked = np.zeros((len(heads), N_WAYS), dtype=np.int64)
    limits = np.full((len(heads), N_WAYS), np.inf, dtype=threshold.dtype)
    asked[:, :N_QUESTIONS], limits[:, :N_QUESTIONS] = feature[inside], threshold[inside]
    ways, offsets = children.T.ravel(), WAYS * len(heads)  # all first ways, then all second ones …
    begin, slots = np.searchsorted(heads, roots), slot[heads]
    steps = range(-(-depth // 3))

    def descend(row: Array) -> Array:
        values, blocks = row[0], begin
        for step in steps:
            right = values.take(asked.take(blocks, axis=0)) > limits.take(blocks, axis=0)
            following = ways.take(blocks + offsets.take(np.packbits(right)))
            # Few rows go as deep as the deepest leaf. Comparing bytes is the cheapest way to see it.
            if step >= FIRST_LOOK and following.tobytes() == blocks.tobytes():
                break
            blocks = following
        return slots.take(blocks)

    return descend


def _blocks(left: Array, roots: Array) -> tuple[Array, Array]:
    """The nodes at which blocks begin, ascending, and the eight blocks that follow each of them."""
    level = np.unique(roots)
    found = [level]
    while len(inner := level[left[level] != level]):
        level = np.unique(_exits(left, inner))
        found.append(level)
    heads = np.unique(np.concatenate(found))
    return heads, np.searchsorted(heads, _exits(left, heads))


def _exits(left: Array, heads: Array) -> Array:
    """The eight nodes three levels below each head; a leaf stays where it is."""
    nodes = heads[:, None]
    for _ in range(3):
        nodes = _children(left, nodes)
    return nodes


def _children(left: Array, nodes: Array) -> Array:
    """Both children of each node side by side; of a leaf twice itself."""
    lower = left[nodes]
    upper = np.where(lower == nodes, nodes, lower + 1)
    return np.stack([lower, upper], axis=2).reshape(len(nodes), -1)


def _questions(left: Array, heads: Array) -> Array:
    """The seven nodes of each block, level by level."""
    first = heads[:, None]
    second = _children(left, first)
    return np.concatenate([first, second, _children(left, second)], axis=1)
