"""Metrics of many versions in two queries: those kept at registration, else the last ones of a client's run."""

import math
from collections.abc import Iterable
from typing import Any

from experiments.models import LatestMetric, Problem
from models_app.models import ModelVersion

HELD_OUT, SPREAD = ("test_", "validation_", "cv_"), "_std"
MOST_KEYS = 200
MOST_LOGGED = 20_000  # values of runs


def metrics_of(versions: Iterable[ModelVersion]) -> dict[int, dict[str, float]]:
    """By the version's id; values that are no numbers are left out."""
    rows = list(versions)
    found = {row.pk: _numbers(row.metrics) for row in rows}
    of_run: dict[Any, list[int]] = {}
    for row in rows:
        if not row.metrics and row.run_id:
            of_run.setdefault(row.run_id, []).append(row.pk)
    logged = LatestMetric.objects.filter(run_id__in=list(of_run), is_nan=False).order_by("run_id", "key")
    for run_id, key, value in logged.values_list("run_id", "key", "value")[:MOST_LOGGED]:
        for pk in of_run[run_id]:
            found[pk][key] = value
    return found


def keys_of(metrics: dict[int, dict[str, float]], problem: Problem | None) -> list[str]:
    """All keys, in order."""
    return in_order({key for values in metrics.values() for key in values}, problem)[:MOST_KEYS]


def in_order(keys: Iterable[str], problem: Problem | None) -> list[str]:
    """The problem's own metric first, then by the rows: test, validation, cross-validation, spreads of it, all else."""
    own = [f"{part}{problem.primary_metric}" for part in HELD_OUT] if problem is not None else []

    def place(key: str) -> tuple[bool, int, bool, str]:
        rows = next((at for at, part in enumerate(HELD_OUT) if key.startswith(part)), len(HELD_OUT))
        return key not in own, rows, key.endswith(SPREAD), key

    return sorted(keys, key=place)


def held_out(metrics: dict[str, float], problem: Problem | None) -> dict[str, float]:
    """What was measured on rows the model had not seen, in order; everything when nothing is named so."""
    keys = [key for key in metrics if key.startswith(HELD_OUT)] or list(metrics)
    return {key: metrics[key] for key in in_order(keys, problem)}


def _numbers(metrics: dict[str, Any]) -> dict[str, float]:
    return {
        key: float(value)
        for key, value in metrics.items()
        if isinstance(value, int | float) and math.isfinite(value)
    }
