"""One row through many trees, three levels per step: what `trees` uses for requests of a single row.

For one row the number of NumPy calls is what counts. A block holds the seven questions of three levels; their answers,
packed into a byte, tell by a table which of its eight ways the row takes.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from mlregistry.ml.compiling.forms import Array

MOST_NODES = 400_000  # beyond, the blocks take too much room and one level is gone at a time
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


def descend_by_levels(
    feature: Array, threshold: Array, left: Array, slot: Array, roots: Array, depth: int
) -> Descend:
    """A function from one row (1 × columns) to the slot of each tree's leaf, one level per step."""
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
    """The same, three levels per step."""
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
