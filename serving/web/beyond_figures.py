"""Arranges what checks found beyond single columns for the page “Monitoring”: streams, rows told apart."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from serving.models import DriftCheck
from serving.web.drift_figures import label_of

DETECTORS = {"adwin": "ADWIN", "page_hinkley": "Page–Hinkley"}
MOST_CHANGES = 20
LEAST_DROP = 0.005


def shown(checks: Sequence[DriftCheck]) -> dict[str, Any]:
    """The streams of the newest check that followed any, and the newest test of all columns; checks oldest first."""
    streams: dict[str, Any] = next(
        (found for check in reversed(checks) if (found := check.beyond.get("streams"))), {}
    )
    tested = next((check for check in reversed(checks) if check.beyond.get("two_sample")), None)
    found = tested.beyond["two_sample"] if tested else {}
    return {
        "detector": DETECTORS.get(streams.get("detector", ""), ""),
        "n_hours": streams.get("n_hours", 0),
        "changes": [_change(one) for one in streams.get("changes", [])[:MOST_CHANGES]],
        "two_sample": found,
        "tellers": [one for one in found.get("columns", []) if one["drop"] >= LEAST_DROP],
        "at": tested.at if tested else None,
    }


def _change(one: dict[str, Any]) -> dict[str, Any]:
    return {
        "when": datetime.fromtimestamp(one["at"], UTC), "label": label_of(one["column"]), "category": one["label"],
        "before": one["before"], "after": one["after"], "step": f"{one['step']:+.2f}".replace("-", "−"),
    }  # fmt: skip
