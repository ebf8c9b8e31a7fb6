"""Arranges figures of runs for pages: metrics by part, comparisons. No writes, no HTML."""

import difflib
import json
import math
from collections.abc import Mapping, Sequence
from itertools import islice
from typing import Any

from experiments.models import Run
from experiments.templatetags.metric_words import metric
from mlregistry.ml.metrics import METRICS

PARTS = ("test", "validation", "train")
BOUNDED = ("roc_auc", "pr_auc", "accuracy", "balanced_accuracy", "f1", "precision", "recall", "r2")
CURVES = (
    ("roc", "ROC", "False positive rate", "True positive rate"),
    ("pr", "Precision and recall", "Recall", "Precision"),
)
MOST_RECIPES, MOST_MATRICES, MOST_LAID_OVER = 20, 24, 12


def table(values: Mapping[str, float], kind: str = "") -> dict[str, Any]:
    """Metrics named part_metric as a table of metric × part, the kind's own in its order; all others as pairs."""
    parts: list[str] = [*(part for part in PARTS if any(key.startswith(part + "_") for key in values))]
    cross = sorted(key[3:-5] for key in values if key.startswith("cv_") and key.endswith("_mean"))
    names = dict.fromkeys(
        key.partition("_")[2] for key in values if key.partition("_")[0] in parts and "_" in key
    )
    known = METRICS.get(kind, {})
    order = [name for name in known if name in names or name in cross]
    rows = [
        {
            "name": name,
            "title": known[name].title if name in known else "",
            "values": [values.get(f"{part}_{name}") for part in parts],
            "mean": values.get(f"cv_{name}_mean"),
            "std": values.get(f"cv_{name}_std"),
        }
        for name in dict.fromkeys([*order, *names, *cross])
    ]
    used = {f"{part}_{row['name']}" for row in rows for part in (*parts, "cv")}
    used |= {f"cv_{row['name']}_{end}" for row in rows for end in ("mean", "std")}
    others = sorted((key, value) for key, value in values.items() if key not in used)
    return {"parts": parts, "rows": rows, "cross": bool(cross), "others": others}


def side_by_side(columns: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """One row for each name that any of the runs has; what differs comes first."""
    rows = []
    for key in sorted({key for column in columns for key in column}, key=_place):
        values = [column.get(key) for column in columns]
        rows.append({"key": key, "values": values, "differs": len({str(value) for value in values}) > 1})
    return sorted(rows, key=lambda row: not row["differs"])


def recipe_differences(runs: Sequence[Run]) -> list[dict[str, Any]]:
    """The first recipe, then how each other one differs from it, line by line; runs of equal recipes together."""
    texts: dict[str, list[Run]] = {}
    for run in runs:
        if run.recipe is not None:
            texts.setdefault(json.dumps(run.recipe, indent=2, sort_keys=True, ensure_ascii=False), []).append(
                run
            )
    if not texts:
        return []
    first, *others = texts
    found = [{"runs": texts[first], "lines": [("", line) for line in first.splitlines()], "is_first": True}]
    for text in others[:MOST_RECIPES]:
        lines = difflib.unified_diff(first.splitlines(), text.splitlines(), lineterm="", n=2)
        found.append({"runs": texts[text], "lines": [(_tone(line), line) for line in islice(lines, 2, None)]})
    return found


def matrices(runs: Sequence[Run], curves: Mapping[Any, Mapping[str, Any]]) -> dict[str, Any]:
    """The overlaid ROC and precision-recall curves (the first class of each run), and the confusion matrices."""
    charts = {}
    for name, title, x, y in CURVES:
        series = [
            {**curves[run.pk][name]["series"][0], "name": run.name}
            for run in runs
            if curves.get(run.pk, {}).get(name, {}).get("series")
        ]
        if series:
            few = f"{title} of the first {MOST_LAID_OVER} runs" if len(series) > MOST_LAID_OVER else title
            laid = series[:MOST_LAID_OVER]
            charts[name] = {"type": "lines", "title": few, "x_title": x, "y_title": y, "series": laid}
    confusions = {
        f"confusion-{place}": {**curves[run.pk]["confusion_matrix"], "title": run.name}
        for place, run in enumerate(runs)
        if curves.get(run.pk, {}).get("confusion_matrix", {}).get("type") == "matrix"
    }
    return {"charts": charts, "confusions": dict(islice(confusions.items(), MOST_MATRICES))}


def bars(runs: Sequence[Run], metrics: Sequence[Mapping[str, float | None]]) -> dict[str, Any] | None:
    """The metrics between 0 and 1 on test rows."""
    shared = [name for name in BOUNDED if any(f"test_{name}" in values for values in metrics)]
    if not shared:
        return None
    series = [
        {"name": run.name, "values": [_drawn(values.get(f"test_{name}")) for name in shared]}
        for run, values in zip(runs, metrics, strict=True)
    ]
    labels = [metric(name) for name in shared]
    return {"type": "groups", "title": "Metrics on test rows", "labels": labels, "series": series}


def _tone(line: str) -> str:
    return {"+": "plus", "-": "minus", "@": "at"}.get(line[:1], "")


def _place(key: str) -> tuple[int, str]:
    """Held-out figures first, then training rows, then the rest, the machine's last."""
    if key.startswith("system/"):
        return 5, key
    places = {"test": 0, "validation": 1, "cv": 2, "train": 3}
    return places.get(key.partition("_")[0], 4), key


def _drawn(value: float | None) -> float | None:
    """What a chart can show: JSON has no NaN."""
    return value if value is not None and math.isfinite(value) else None
