"""What of runs can be laid along an axis or grouped by: metrics, params, tags and attributes, by name. Called by doors.

A column is named kind:name, as "metric:val_loss", "param:depth", "tag:team" or "attribute:estimator".
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from experiments.models import Run
from experiments.queries.runs import Row
from mlregistry.errors import Invalid
from mlregistry.ml.metrics import METRICS

METRIC, PARAM, TAG, ATTRIBUTE = "metric", "param", "tag", "attribute"
MOST_COLUMNS = 300
HELD_OUT = ("val", "test", "eval", "dev")
PARTS = ("test_", "validation_", "val_", "train_", "cv_")
LOWER_WORDS = ("loss", "error", "rmse", "mae", "mse", "mape", "perplexity", "latency", "seconds", "brier")
HIGHER_WORDS = (
    "acc",
    "auc",
    "f1",
    "precision",
    "recall",
    "r2",
    "score",
    "ndcg",
    "bleu",
    "iou",
    "reward",
    "hit_rate",
)
ATTRIBUTES: Mapping[str, Callable[[Run], Any]] = {
    "estimator": lambda run: run.estimator or None,
    "experiment": lambda run: run.experiment.name,
    "status": lambda run: run.status.lower(),
    "person": lambda run: run.user_name or (run.created_by.get_username() if run.created_by else None),
    "data": lambda run: str(run.dataset_version) if run.dataset_version else None,
    "seconds": lambda run: (run.ended_at - run.started_at).total_seconds() if run.ended_at else None,
}


def value(row: Row, column: str) -> Any:
    """None where the run has none; a param that reads as a number is one. Invalid for a column of no such kind."""
    kind, _, name = column.partition(":")
    if kind == METRIC:
        return row.metrics.get(name)
    if kind == PARAM:
        return _number(row.params.get(name))
    if kind == TAG:
        return row.tags.get(name)
    if kind == ATTRIBUTE and name in ATTRIBUTES:
        return ATTRIBUTES[name](row.run)
    raise Invalid(
        f"{column[:100]!r} is no column: write metric:, param: or tag: before a name, or attribute: before one of "
        f"{', '.join(ATTRIBUTES)}.",
        field="column",
    )


def text(row: Row, column: str) -> str:
    """The value as the name of a group; '' for none."""
    found = value(row, column)
    return "" if found is None else f"{found:g}" if isinstance(found, float) else str(found)


def names(rows: Sequence[Row]) -> dict[str, list[str]]:
    """By kind, those that at least one of the runs has, metrics and params by name."""
    metrics = {key for row in rows for key in row.metrics if not key.startswith("system/")}
    params = {key for row in rows for key in row.params}
    tags = {key for row in rows for key in row.tags if not key.startswith("mlflow.")}
    return {
        METRIC: [f"{METRIC}:{name}" for name in sorted(metrics)[:MOST_COLUMNS]],
        PARAM: [f"{PARAM}:{name}" for name in sorted(params)[:MOST_COLUMNS]],
        TAG: [f"{TAG}:{name}" for name in sorted(tags)[:MOST_COLUMNS]],
        ATTRIBUTE: [f"{ATTRIBUTE}:{name}" for name in ATTRIBUTES],
    }


def differing(rows: Sequence[Row], columns: Sequence[str]) -> list[str]:
    """Those in which the runs are not all alike."""
    return [column for column in columns if len({str(value(row, column)) for row in rows}) > 1]


def main_metric(rows: Sequence[Row]) -> str:
    """The problem's own where the runs have it, else of those that all have, or any, a held-out one; '' for none."""
    problem = next((row.run.problem for row in rows if row.run.problem), None)
    have = [set(row.metrics) for row in rows]
    if problem:
        for part in ("validation_", "test_", ""):
            if any(f"{part}{problem.primary_metric}" in keys for keys in have):
                return f"{part}{problem.primary_metric}"
    shared = set.intersection(*have) if have else set()
    every = sorted(key for key in shared or set().union(*have) if not key.startswith("system/"))
    sounding = [key for key in every if better_of(rows, key)]
    held_out = [key for key in sounding if key.lower().startswith(HELD_OUT)]
    return next(iter(held_out or sounding or every), "")


def better_of(rows: Sequence[Row], metric: str) -> str:
    """Whether higher or lower is better: as the problem's kind says, else as the name sounds; '' for neither."""
    bare = next((metric.removeprefix(part) for part in PARTS if metric.startswith(part)), metric)
    bare = bare.removesuffix("_mean")
    problem = next((row.run.problem for row in rows if row.run.problem), None)
    known = METRICS.get(problem.kind, {}).get(bare) if problem else None
    if known is not None:
        return "higher" if known.direction == "maximize" else "lower"
    return sound_of(metric)


def sound_of(metric: str) -> str:
    """Whether higher or lower is better by the words in its name; '' for neither."""
    low = metric.lower()
    if any(word in low for word in LOWER_WORDS):
        return "lower"
    return "higher" if any(word in low for word in HIGHER_WORDS) else ""


def _number(text: str | None) -> Any:
    """Only numbers that are written as such: no "nan", no underscores."""
    if text is None or len(text) > 30 or not any(letter.isdigit() for letter in text) or "_" in text:
        return text
    try:
        found = float(text)
    except ValueError:
        return text
    return found if math.isfinite(found) else text
