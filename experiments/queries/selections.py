"""Reads of selection studies: their rows, and the figures as the pages draw them. Called by doors and actions."""

from typing import Any

from experiments.models import SelectionStudy
from mlregistry.errors import Conflict, NotFound
from mlregistry.ml.selection.methods import METHODS

SHOWN_SCORES = ("forest", "permutation", "mutual_information", "l1")


def row_of(study: SelectionStudy, method: str, n_features: int | None) -> dict[str, Any]:
    """The row of this method and number (None: its own choice); Conflict before there is a result."""
    if study.result is None:
        raise Conflict("The study has no result yet.")
    for row in study.result["rows"]:
        if (row["method"], row["n_features"]) == (method, n_features):
            found: dict[str, Any] = row
            return found
    raise NotFound(
        f"The study has no row for {method[:60]!r} with {n_features or 'its own number of'} features."
    )


def sizes(result: dict[str, Any]) -> list[int | None]:
    """The numbers of features that were tried, None for each method's own."""
    found = {row["n_features"] for row in result["rows"]}
    numbers: list[int | None] = sorted(size for size in found if size is not None)
    return numbers + ([None] if None in found else [])


def matrix(result: dict[str, Any], size: int | None) -> dict[str, Any]:
    """Features × methods with the number of folds that kept each, the most kept first."""
    rows = [row for row in result["rows"] if row["n_features"] == size and row["method"] != "pca"]
    n_folds = result["n_folds"]
    lines = []
    for name in result["features"]:
        cells = [
            {
                "count": row["kept"].get(name, 0),
                "level": round(5 * row["kept"].get(name, 0) / n_folds),
                "chosen": name in row["features"],
            }
            for row in rows
        ]
        lines.append({"feature": name, "cells": cells, "total": sum(cell["count"] for cell in cells)})
    lines.sort(key=lambda line: -line["total"])
    return {
        "methods": [{"row": row, "title": METHODS[row["method"]].title} for row in rows],
        "lines": lines,
        "most": n_folds * len(rows),
    }


def table(result: dict[str, Any]) -> list[dict[str, Any]]:
    """Every row with its method's title, those of one method together, by falling size."""
    order = {name: place for place, name in enumerate(METHODS)}
    rows = [
        {**row, "title": METHODS[row["method"]].title, "size": len(row["features"]) or row["n_kept"][-1]}
        for row in result["rows"]
    ]
    return sorted(rows, key=lambda row: (order[row["method"]], row["n_features"] is None, row["size"]))


def charts(result: dict[str, Any]) -> dict[str, Any]:
    """The charts of the page by name."""
    drawn = {"sizes": _by_size(result), "correlation": _correlation(result), "explained": _explained(result)}
    for name in SHOWN_SCORES:
        if name in result["scores"]:
            drawn[f"score_{name}"] = _scores(name, result["scores"][name])
    return drawn


def _by_size(result: dict[str, Any]) -> dict[str, Any]:
    series = []
    for name, method in METHODS.items():
        rows = [row for row in result["rows"] if row["method"] == name and row["n_features"] is not None]
        rows.sort(key=lambda row: row["n_features"])
        if rows:
            series.append(
                {
                    "name": method.title,
                    "x": [row["n_features"] for row in rows],
                    "y": [row["score"]["mean"] for row in rows],
                    "low": [row["score"]["low"] for row in rows],
                    "high": [row["score"]["high"] for row in rows],
                }
            )
    reference = {"name": "All features", "y": result["reference"]["score"]["mean"]}
    return {
        "type": "intervals", "title": f"{result['metric_title']} by number of features",
        "x_title": "Features or components", "y_title": result["metric_title"],
        "series": series, "level": reference,
    }  # fmt: skip


def _correlation(result: dict[str, Any]) -> dict[str, Any]:
    found = result["correlation"]
    return {
        "type": "heatmap", "title": "Which features say the same", "labels": found["labels"],
        "values": found["values"],
    }  # fmt: skip


def _explained(result: dict[str, Any]) -> dict[str, Any]:
    ratios = result["pca"]["ratios"]
    cumulated, total = [], 0.0
    for ratio in ratios:
        total += ratio
        cumulated.append(round(total, 6))
    places = list(range(1, len(ratios) + 1))
    return {
        "type": "explained", "title": "Variance explained by principal components", "x": places,
        "y": ratios, "cumulated": cumulated, "x_title": "Component", "y_title": "Share of the variance",
    }  # fmt: skip


def _scores(name: str, scores: dict[str, list[float]]) -> dict[str, Any]:
    order = sorted(scores, key=lambda feature: -scores[feature][0])
    return {
        "type": "bars", "title": METHODS[name].title, "x_title": "Mean of the folds",
        "labels": order, "values": [scores[feature][0] for feature in order],
        "deviations": [scores[feature][1] for feature in order],
    }  # fmt: skip
