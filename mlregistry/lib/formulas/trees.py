"""The tree that a formula becomes: nested tuples of plain values, so that it can be stored in a model file.

("number", 1.5) · ("text", "a") · ("boolean", True) · ("null",) · ("column", name) · ("call", function, …trees)
"""

from __future__ import annotations

from typing import Any

Tree = tuple[Any, ...]


def columns_of(tree: Tree) -> list[str]:
    """The columns that the tree reads, each once, in order of appearance."""
    if tree[0] == "column":
        return [tree[1]]
    if tree[0] != "call":
        return []
    return list(dict.fromkeys(name for part in tree[2:] for name in columns_of(part)))


def height(tree: Tree) -> int:
    """Calls within each other along the longest way down."""
    return 1 + max((height(part) for part in tree[2:]), default=0) if tree[0] == "call" else 0


def calls_of(tree: Tree) -> set[str]:
    """The operators and functions that the tree calls."""
    if tree[0] != "call":
        return set()
    return {tree[1]}.union(*(calls_of(part) for part in tree[2:]))
