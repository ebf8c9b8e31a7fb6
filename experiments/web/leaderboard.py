"""Arranges the rows of queries.runs.leaderboard for the page: the primary metric, columns beside it, bars."""

from dataclasses import dataclass
from typing import Any

from experiments.models import Experiment
from experiments.queries import runs as queries
from mlregistry.ml.metrics import METRICS

MOST_COLUMNS = 6


@dataclass(frozen=True)
class Line:
    """One row of the board; `bar` runs from 0 at the baseline (or the worst) to 1 at the best."""

    row: queries.Row
    others: list[float | None]
    bar: float


def of_experiment(experiment: Experiment) -> dict[str, Any]:
    """`lines` best first, `columns` beside the primary metric, its key and direction."""
    n_runs = queries.metric_keys(experiment)
    problem = experiment.problem
    key = (
        queries.score_key(problem, n_runs)
        if problem
        else max(sorted(n_runs), key=n_runs.__getitem__, default="")
    )
    rows = queries.leaderboard(experiment, metric=key or None)
    columns = _columns(experiment, n_runs, key)
    scores = [row.score for row in rows if row.score is not None]
    baseline = next((row.score for row in rows if row.run.is_baseline and row.score is not None), None)
    start = baseline if baseline is not None else (scores[-1] if scores else 0.0)
    best = scores[0] if scores else 0.0
    lines = [
        Line(row, [row.metrics.get(name) for name in columns], _bar(row.score, start, best)) for row in rows
    ]
    return {
        "lines": lines,
        "columns": columns,
        "primary": key,
        "has_baseline": baseline is not None,
        "maximize": not problem or problem.direction == "maximize",
    }


def _columns(experiment: Experiment, n_runs: dict[str, int], key: str) -> list[str]:
    """Of a problem, the other metrics of the same rows and the cross-validated primary one; else those of most runs."""
    problem = experiment.problem
    if problem is None:
        return sorted(set(n_runs) - {key}, key=lambda name: (-n_runs[name], name))[:MOST_COLUMNS]
    part = key.partition("_")[0]
    wanted = [
        f"cv_{problem.primary_metric}_mean",
        *(f"{part}_{name}" for name in METRICS.get(problem.kind, {})),
    ]
    return [name for name in wanted if name in n_runs and name != key][:MOST_COLUMNS]


def _bar(score: float | None, start: float, best: float) -> float:
    if score is None or best == start:
        return 0.0
    return max(0.0, min(1.0, (score - start) / (best - start)))
