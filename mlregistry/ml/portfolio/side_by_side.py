"""What "Just train it" trains for kinds without folds and ensembles: estimators side by side. Called by its action."""

from __future__ import annotations

from typing import Any

SLOW_ABOVE_ROWS = {"agglomerative": 5_000, "hdbscan": 20_000, "gaussian_mixture": 200_000}
ESTIMATORS = {
    "clustering": ("k_means", "gaussian_mixture", "agglomerative", "hdbscan"),
    "recommendation": ("item_neighbours", "user_neighbours", "ease", "svd"),
}
WHY = {
    "clustering": "A clustering has no target to measure folds or weigh an ensemble by, so these estimators are trained"
    " side by side, each by its usual params; the time is not used up.",
    "recommendation": "Recommenders are measured on what came last, without folds, so they are trained side by side,"
    " each by its usual params; the time is not used up.",
}


def recipes(kind: str, n_rows: int, seed: int) -> list[dict[str, Any]]:
    """One recipe per estimator that is not too slow for so many rows."""
    names = [name for name in ESTIMATORS[kind] if n_rows <= SLOW_ABOVE_ROWS.get(name, n_rows)]
    return [{"estimator": name, "seed": seed} for name in names]
