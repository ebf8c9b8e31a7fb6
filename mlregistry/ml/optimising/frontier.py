"""The Pareto plots of an optimisation: quality against latency, size and cost. Called by queries."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from mlregistry.ml.search.front import front

AXES: tuple[tuple[str, str], ...] = (
    ("one_ms", "Milliseconds for one row"), ("size_mb", "Megabytes of the file"),
    ("memory_mb", "Megabytes in memory"), ("cost", "Cost of 1,000 predictions"),
)  # fmt: skip


def plots(
    points: Sequence[Mapping[str, Any]], *, metric: str, direction: str, cost_unit: str
) -> dict[str, Any]:
    """One per axis that two points or more have; each point has name, value and the axes' figures."""
    found: dict[str, Any] = {}
    for key, title in AXES:
        known = [one for one in points if one.get(key) is not None and one.get("value") is not None]
        if len(known) < 2:
            continue
        best = set(on_front(known, key, direction))
        found[key] = {
            "type": "pareto",
            "title": f"{metric} against {title[0].lower()}{title[1:]}",
            "x_title": f"{title} ({cost_unit})" if key == "cost" else title,
            "y_title": metric,
            "points": [
                {"name": one["name"], "x": one[key], "y": one["value"], "first": bool(one.get("first")),
                 "best": place in best}
                for place, one in enumerate(known)
            ],
        }  # fmt: skip
    return found


def on_front(points: Sequence[Mapping[str, Any]], key: str, direction: str) -> list[int]:
    """Places of the points that no other beats in both."""
    return front([(one["value"], one[key]) for one in points], (direction, "minimize"))
