"""Arranges figures of runs for pages: metrics by part, comparisons, histories. No writes, no HTML."""

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from experiments.models import Run
from experiments.templatetags.metric_words import metric
from mlregistry.ml.metrics import METRICS

PARTS = ("test", "validation", "train")
BOUNDED = ("roc_auc", "pr_auc", "accuracy", "balanced_accuracy", "f1", "precision", "recall", "r2")


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


def history(key: str, points: Iterable[Any]) -> dict[str, Any]:
    """A line chart of one metric over its steps; points are objects or pairs of step and value."""
    pairs = [(point.step, point.value) for point in points]
    x, y = [pair[0] for pair in pairs], [pair[1] for pair in pairs]
    return {
        "type": "lines",
        "title": key,
        "x_title": "Step",
        "y_title": key,
        "series": [{"name": key, "x": x, "y": y}],
    }


def comparison(runs: Sequence[Run]) -> dict[str, Any]:
    """Metrics and params row by row, the overlaid ROC, and bars of the metrics between 0 and 1."""
    metrics = [{row.key: row.number for row in run.latest_metrics.all()} for run in runs]
    params = [{row.key: row.value for row in run.params.all()} for run in runs]
    return {
        "metric_rows": _rows(metrics),
        "param_rows": _rows(params),
        "roc": _overlaid(runs),
        "bars": _bars(runs, metrics),
    }


def _rows(columns: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    rows = []
    for key in sorted({key for column in columns for key in column}, key=_place):
        values = [column.get(key) for column in columns]
        rows.append({"key": key, "values": values, "differs": len({str(value) for value in values}) > 1})
    return rows


def _place(key: str) -> tuple[int, str]:
    """Held-out figures first, then training rows, then the rest."""
    places = {"test": 0, "validation": 1, "cv": 2, "train": 3}
    return places.get(key.partition("_")[0], 4), key


def _overlaid(runs: Sequence[Run]) -> dict[str, Any] | None:
    """One ROC line per run (the first class shown of each)."""
    series = []
    for run in runs:
        curve = run.curves.filter(name="roc").first()
        if curve and curve.data.get("series"):
            series.append({**curve.data["series"][0], "name": run.name})
    if not series:
        return None
    return {"type": "lines", "title": "ROC", "x_title": "False positive rate", "y_title": "True positive rate",
            "series": series}  # fmt: skip


def _bars(runs: Sequence[Run], metrics: Sequence[Mapping[str, float]]) -> dict[str, Any] | None:
    shared = [name for name in BOUNDED if any(f"test_{name}" in values for values in metrics)]
    if not shared:
        return None
    series = [
        {"name": run.name, "values": [_drawn(values.get(f"test_{name}")) for name in shared]}
        for run, values in zip(runs, metrics, strict=True)
    ]
    labels = [metric(name) for name in shared]
    return {"type": "groups", "title": "Metrics on test rows", "labels": labels, "series": series}


def _drawn(value: float | None) -> float | None:
    """What a chart can show: JSON has no NaN."""
    return value if value is not None and math.isfinite(value) else None
