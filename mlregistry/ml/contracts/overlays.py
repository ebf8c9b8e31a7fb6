"""Bars of two versions over one another: the same borders on both sides. Called for each compared column."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from mlregistry.lib.lazily import lazily
from mlregistry.ml.profiling import distribution
from mlregistry.ml.profiling.distribution import Distribution
from mlregistry.ml.profiling.document import Column

from .listed import counted, is_whole, shared_names
from .report import plain

if TYPE_CHECKING:
    import numpy as np
else:
    np = lazily("numpy")

BARS = 24
CATEGORIES = 10
REST = "all others"
Bins = dict[str, list[Any]]


def drawn(kind: str, before: Column | None, after: Column | None) -> Bins | None:
    """Labels, and the share of each side's values at each; None where there is nothing to draw side by side.

    `edges` is set for bars along an axis: each label is where its bar begins, and the last edge ends the axis.
    """
    known = [column for column in (before, after) if column is not None and column.n]
    if kind in ("numeric", "datetime"):
        return _values(known, before, after) or _axis(kind, before, after)
    if kind == "categorical":
        return _categories(known, before, after)
    return None


def _values(known: list[Column], before: Column | None, after: Column | None) -> Bins | None:
    """A bar for each value, where there are few on both sides."""
    names = {top.value for column in known for top in column.top}
    few = len(names) <= BARS // 2 and all(is_whole(column) and column.numbers for column in known)
    return _of(sorted(names, key=float), before, after) if few and names else None


def _categories(known: list[Column], before: Column | None, after: Column | None) -> Bins | None:
    if len(known) == 2:
        names = shared_names(*known)
    else:
        names = list(counted(known[0])) if known else []
    found = _of(names[:CATEGORIES], before, after)
    rest = [
        1 - sum(share for share in found[side] if share) if column is not None and column.n else None
        for side, column in (("earlier", before), ("later", after))
    ]
    if any(share is not None and share > 1e-9 for share in rest):
        found["labels"].append(REST)
        found["earlier"].append(rest[0])
        found["later"].append(rest[1])
    return found if found["labels"] else None


def _of(names: list[str], before: Column | None, after: Column | None) -> Bins:
    return {
        "labels": [plain(name) for name in names],
        "earlier": [_share(before, name) for name in names],
        "later": [_share(after, name) for name in names],
    }


def _share(column: Column | None, name: str) -> float | None:
    return counted(column).get(name, 0) / column.n if column is not None and column.n else None


def _axis(kind: str, before: Column | None, after: Column | None) -> Bins | None:
    """Bars of equal width between the outer hundredths of both sides; what lies beyond is in the end bars."""
    sides = [distribution.of_column(column) if column is not None else None for column in (before, after)]
    there = [side for side in sides if side is not None]
    if not there:
        return None
    low, high = (pick(side.quantile(share) for side in there) for pick, share in ((min, 0.01), (max, 0.99)))
    whole = all(_is_whole_numbers(column) for column in (before, after))
    edges = _edges(low, high, whole=whole)
    if edges is None:
        return None
    half = 0.5 if whole else 0.0  # a bar of whole numbers is named after the first one in it
    shown = [*(edge + half for edge in edges[:-1]), edges[-1] - half]
    named = [_moment(edge) if kind == "datetime" else edge for edge in shown]
    return {
        "labels": named[:-1],
        "edges": named,
        "earlier": _shares(sides[0], edges),
        "later": _shares(sides[1], edges),
    }


def _is_whole_numbers(column: Column | None) -> bool:
    return column is None or (column.numbers is not None and column.numbers.is_whole)


def _edges(low: float, high: float, *, whole: bool) -> list[float] | None:
    """Whole numbers get bars that each hold equally many of them."""
    if not math.isfinite(high - low):
        return None
    if low == high:
        low, high = low - 0.5, high + 0.5
    if whole and high - low < 2**50:
        width = max(1, math.ceil((high - low + 1) / BARS))
        return [low - 0.5 + width * place for place in range(math.ceil((high - low + 1) / width) + 1)]
    found: list[float] = np.linspace(low, high, BARS + 1).tolist()
    return found


def _shares(side: Distribution | None, edges: list[float]) -> list[float | None]:
    if side is None:
        return [None] * (len(edges) - 1)
    shares: list[float | None] = side.between(np.array(edges[1:-1])).tolist()
    return shares


def _moment(seconds: float) -> str:
    try:
        return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M")
    except (OverflowError, ValueError, OSError):
        return f"{seconds:.0f} s"
