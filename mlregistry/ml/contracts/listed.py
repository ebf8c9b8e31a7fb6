"""The values that a profile lists of a column, with their rows, on two sides. Used by comparisons."""

from __future__ import annotations

from collections.abc import Mapping

from mlregistry.ml.profiling.document import Column


def shared_names(before: Column, after: Column) -> list[str]:
    """Values whose rows are known on both sides, the most frequent first."""
    earlier, later = counted(before), counted(after)
    names = [
        name
        for name in {**earlier, **later}
        if (name in earlier or is_whole(before)) and (name in later or is_whole(after))
    ]
    return sorted(names, key=lambda name: (-earlier.get(name, 0) - later.get(name, 0), name))


def counted(column: Column) -> Mapping[str, int]:
    return {top.value: top.count for top in column.top}


def is_whole(column: Column) -> bool:
    """Whether the profile lists every value."""
    return column.n_other == 0 and column.n_infinite == 0
