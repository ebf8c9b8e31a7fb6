"""How shown recommendations did, from the items that users then took. Called by the statistics of endpoints."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any


def measured(pairs: Iterable[tuple[Any, Any]]) -> dict[str, float]:
    """Over (output, item taken) pairs: the share of items that were on their list, and the mean of 1 / their place.

    The mean reciprocal rank counts 0 for an item that was not on the list (Voorhees 1999).
    """
    places = [_place(output.get("prediction"), taken) for output, taken in pairs]
    if not places:
        return {}
    return {
        "hit_rate": sum(place > 0 for place in places) / len(places),
        "mean_reciprocal_rank": sum(1 / place for place in places if place) / len(places),
    }


def _place(shown: Any, taken: Any) -> int:
    """Counted from 1; 0 for an item that was not shown."""
    listed = (
        [str(entry.get("item")) for entry in shown if isinstance(entry, dict)]
        if isinstance(shown, list)
        else []
    )
    return listed.index(str(taken)) + 1 if str(taken) in listed else 0
