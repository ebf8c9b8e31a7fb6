"""The score of a study over its two most important numeric parameters. For the charts of its page."""

from collections.abc import Sequence
from typing import Any

from experiments.models import Study, Trial
from mlregistry.ml.search import space as ml_space

LEAST_PLACES = 3  # different values along each side, below which there is no area
LEAST_TRIALS = 6


def contour(study: Study, rows: Sequence[Trial], ranked: Sequence[str]) -> dict[str, Any] | None:
    """`ranked` are parameters, the most important first; None without two of numbers that enough trials share."""
    searched = ml_space.stored(study.space).all_dimensions
    numeric = [name for name in ranked if name in searched and not searched[name].choices][:2]
    if len(numeric) < 2:
        return None
    x_name, y_name = numeric
    having = [
        (params[x_name], params[y_name], row.values[0])
        for row in rows
        if row.values and x_name in (params := row.params or {}) and y_name in params
    ]
    xs, ys, values = (list(side) for side in zip(*having, strict=True)) if having else ([], [], [])
    if len(having) < LEAST_TRIALS or min(len(set(xs)), len(set(ys))) < LEAST_PLACES:
        return None
    return {
        "type": "runs_contour", "title": f"{_last(x_name)} and {_last(y_name)} together", "x": xs, "y": ys,
        "values": values, "x_title": x_name, "y_title": y_name, "log": searched[x_name].log,
        "log_y": searched[y_name].log,
    }  # fmt: skip


def _last(name: str) -> str:
    return name.rpartition(".")[2]
