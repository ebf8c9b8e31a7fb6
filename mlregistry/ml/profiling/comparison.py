"""Two profiles side by side: what came, what went, and how far each column moved. Called by queries and doors."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mlregistry.lib.lazily import lazily
from mlregistry.ml.profiling.codec import encoded
from mlregistry.ml.profiling.document import Bins, Column, Profile

if TYPE_CHECKING:
    import numpy as np
else:
    np = lazily("numpy")

MOVED = 0.1


@dataclass(frozen=True)
class Change:
    """One column in both profiles; `shift` is 0 for the same distribution and 1 for one apart.

    Numbers and times: the Kolmogorov–Smirnov distance of their percentiles. Others: the total variation distance of
    the shares of their listed values. None where either has no value or they are not of one kind.
    """

    name: str
    left: Column | None
    right: Column | None
    shift: float | None

    @property
    def status(self) -> str:
        """added, removed, changed type, moved, same"""
        if self.left is None:
            return "added"
        if self.right is None:
            return "removed"
        if self.left.type != self.right.type:
            return "type"
        return "moved" if self.shift is not None and self.shift >= MOVED else "same"

    def to_json(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "status": self.status,
            "shift": self.shift,
            "from": _short(self.left),
            "to": _short(self.right),
        }


def compare(left: Profile, right: Profile) -> tuple[Change, ...]:
    """All columns of both: what changed first, the largest shift first."""
    old = {column.name: column for column in left.columns}
    new = {column.name: column for column in right.columns}
    changes = [
        Change(name, old.get(name), new.get(name), shift(old.get(name), new.get(name)))
        for name in dict.fromkeys([*new, *old])
    ]
    order = ("removed", "added", "type", "moved", "same")
    return tuple(sorted(changes, key=lambda change: (order.index(change.status), -(change.shift or 0))))


def shift(left: Column | None, right: Column | None) -> float | None:
    if left is None or right is None or left.type != right.type:
        return None
    if left.numbers and right.numbers:
        return distance(left.numbers.bins, right.numbers.bins)
    if left.times and right.times:
        return distance(left.times.bins, right.times.bins)
    if not left.n or not right.n or left.type not in ("string", "boolean"):
        return None
    return _variation(left, right)


def distance(left: Bins, right: Bins) -> float:
    """The largest gap between the two cumulative shares, at the edges of either."""
    edges = np.union1d(left.edges, right.edges)
    gaps = [
        np.abs(_below(left, edges, side) - _below(right, edges, side)).max(initial=0.0)
        for side in ("left", "right")
    ]
    return float(max(gaps))


def _below(bins: Bins, points: Any, side: str) -> Any:
    """The share of values below each point; within a bin as if they lay evenly, beside its lower edge as a heap."""
    edges, counts = np.array(bins.edges), np.array(bins.counts, dtype=float)
    shares = np.cumsum(counts)[:-1] / counts.sum()
    if len(edges) == 1:
        return (points > edges[0]) * 1.0 if side == "left" else (points >= edges[0]) * 1.0
    at = np.interp(points, edges, shares, left=0.0, right=1.0)
    return np.where(points > edges[-1], 1.0, np.where((points == edges[-1]) & (side == "right"), 1.0, at))


def _variation(left: Column, right: Column) -> float:
    old = {top.value: top.count / left.n for top in left.top}
    new = {top.value: top.count / right.n for top in right.top}
    listed = sum(abs(old.get(value, 0.0) - new.get(value, 0.0)) for value in {*old, *new})
    rest = abs(left.n_other / left.n - right.n_other / right.n)
    return min(1.0, (listed + rest) / 2)


def _short(column: Column | None) -> dict[str, Any] | None:
    """Without histograms and bins."""
    if column is None:
        return None
    found: dict[str, Any] = encoded(column)
    for part in ("numbers", "times", "texts"):
        if found[part]:
            found[part] = {
                key: value
                for key, value in found[part].items()
                if key not in ("histogram", "bins", "lengths")
            }
    return found
