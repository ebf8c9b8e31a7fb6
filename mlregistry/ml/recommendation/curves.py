"""The charts of a recommender: metrics by length of the list, by how active users are, by popularity of items."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from mlregistry.ml.recommendation import metrics
from mlregistry.ml.recommendation.metrics import LONGEST, Ranking

Array = npt.NDArray[Any]
Curve = dict[str, Any]
LENGTHS = (1, 2, 3, 5, 7, 10, 15, LONGEST)
SHOWN_POINTS = 100
K = 10


def draw(ranking: Ranking, n_had: Array) -> dict[str, Curve]:
    """`n_had` is how many items each ranked user had in training."""
    return {
        "by_length": _by_length(ranking),
        "by_activity": _by_activity(ranking, n_had),
        "concentration": _concentration(ranking),
    }


def _by_length(ranking: Ranking) -> Curve:
    shown = (
        ("NDCG", metrics.ndcg), ("Recall", metrics.recall), ("Precision", metrics.precision),
        ("MAP", metrics.average_precision),
    )  # fmt: skip
    series = [
        {"name": title, "x": list(LENGTHS), "y": [round(function(ranking, k), 10) for k in LENGTHS]}
        for title, function in shown
    ]
    return {
        "type": "lines", "title": "By the length of the list", "x_title": "Items recommended",
        "y_title": "Mean over users", "series": series, "markers": True,
    }  # fmt: skip


def _by_activity(ranking: Ranking, n_had: Array) -> Curve:
    """NDCG@10 of users in about equal groups by what they had in training; new users stand apart."""
    scores = metrics.ndcg_by_user(ranking, K)
    groups = [("new user", n_had == 0)]
    edges: list[float] = []
    if (n_had > 0).any():
        edges = np.unique(np.quantile(n_had[n_had > 0], [0, 0.25, 0.5, 0.75, 1])).tolist()
    for place, (low, high) in enumerate(pairwise(edges)):
        inside = (n_had > 0) & (n_had >= low if place == 0 else n_had > low) & (n_had <= high)
        first = int(low) if place == 0 else int(low) + 1
        span = f"{first:,}–{int(high):,}" if first < high else f"{first:,}"
        groups.append((f"{span} items", inside))
    if len(edges) == 1:
        groups.append((f"{int(edges[0]):,} items", n_had > 0))
    filled = [(f"{label} ({int(inside.sum()):,} users)", scores[inside]) for label, inside in groups]
    filled = [(label, values) for label, values in filled if len(values)]
    return {
        "type": "bars", "title": "By what a user had before", "x_title": f"NDCG@{K}", "y_title": "Users",
        "labels": [label for label, _ in filled],
        "values": [round(float(values.mean()), 10) for _, values in filled],
    }  # fmt: skip


def _concentration(ranking: Ranking) -> Curve:
    """How much of all recommendations, and of all training interactions, fall on the most popular items."""
    shown = ranking.items[:, :K]
    recommended = np.bincount(shown[shown >= 0], minlength=len(ranking.shares)).astype(float)
    order = np.argsort(-ranking.shares, kind="stable")
    places = np.unique(np.linspace(0, len(order), min(len(order), SHOWN_POINTS) + 1).round().astype(int))
    x = [round(float(place) / len(order), 6) for place in places]
    series = [
        {"name": name, "x": x, "y": _cumulated(counts[order], places)}
        for name, counts in (("recommended", recommended), ("had in training", ranking.shares))
    ]
    return {
        "type": "lines", "title": "How much goes to popular items", "x_title": "Share of items, most popular first",
        "y_title": "Share", "series": series,
    }  # fmt: skip


def _cumulated(counts: Array, places: Array) -> list[float]:
    total = counts.sum() or 1.0
    sums = np.concatenate([[0.0], np.cumsum(counts)]) / total
    return [round(float(value), 8) for value in sums[places]]
