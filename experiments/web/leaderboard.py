"""Turns the rows of queries.runs.leaderboard into what the leaderboard shows: order, bars, the baseline."""

from dataclasses import dataclass, field
from typing import Any

from experiments.models import Experiment, Run
from experiments.queries import runs as queries
from mlregistry.ml.metrics import METRICS

PARTS = ("test", "validation", "train")


@dataclass
class Line:
    """One run; `bar` is 0 to 1 between the worst and the best, `better` says it beats the baseline."""

    run: Run
    value: float | None
    others: list[float | None]
    metrics: dict[str, float] = field(default_factory=dict)
    bar: float = 0.0
    better: bool = False
    best: bool = False


def of_experiment(experiment: Experiment) -> dict[str, Any]:
    """`lines` best first, `columns` beside the primary metric, its key and title."""
    rows = queries.leaderboard(experiment)
    metrics = [dict(row.metrics) for row in rows]
    key, maximize = _primary(experiment, metrics)
    columns = _columns(experiment, metrics, key)
    lines = [
        Line(row.run, values.get(key), [values.get(name) for name in columns], values)
        for row, values in zip(rows, metrics, strict=True)
    ]
    lines.sort(key=lambda line: (line.value is None, _signed(line.value, maximize), str(line.run.name)))
    _grade(lines, maximize)
    return {"lines": lines, "columns": columns, "primary": key, "maximize": maximize}


def _primary(experiment: Experiment, metrics: list[dict[str, float]]) -> tuple[str, bool]:
    """The problem's metric on the best rows there are; without a problem, the metric most runs have."""
    known = {name for values in metrics for name in values}
    if experiment.problem:
        name, maximize = experiment.problem.primary_metric, experiment.problem.direction == "maximize"
        found = next((f"{part}_{name}" for part in PARTS if f"{part}_{name}" in known), f"test_{name}")
        return (name if name in known and found not in known else found), maximize
    counts = {name: sum(name in values for values in metrics) for name in known}
    name = max(sorted(counts), key=lambda each: counts[each], default="")
    return name, not any(word in name for word in ("loss", "error", "rmse", "mae", "mse"))


def _columns(experiment: Experiment, metrics: list[dict[str, float]], key: str) -> list[str]:
    known = {name for values in metrics for name in values}
    if experiment.problem:
        part = key.partition("_")[0]
        wanted = [f"{part}_{name}" for name in METRICS.get(experiment.problem.kind, {})]
        cross = [f"cv_{experiment.problem.primary_metric}_mean"]
        return [name for name in [*cross, *wanted] if name in known and name != key][:6]
    return sorted(known - {key})[:6]


def _signed(value: float | None, maximize: bool) -> float:
    return 0.0 if value is None else (-value if maximize else value)


def _grade(lines: list[Line], maximize: bool) -> None:
    values = [line.value for line in lines if line.value is not None]
    baseline = next((line.value for line in lines if line.run.is_baseline and line.value is not None), None)
    if not values:
        return
    worst, best = (min(values), max(values)) if maximize else (max(values), min(values))
    start = baseline if baseline is not None else worst
    for line in lines:
        if line.value is None:
            continue
        line.better = baseline is not None and _signed(line.value, maximize) < _signed(baseline, maximize)
        line.best = line.value == best and not line.run.is_baseline
        line.bar = max(0.0, min(1.0, (line.value - start) / (best - start))) if best != start else 0.0
