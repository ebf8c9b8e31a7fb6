"""The best value of each problem's primary metric, for the start page, the list of problems and the stages."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from experiments.models import Problem
from mlregistry import sql_rows

KEYS = ("validation_{}", "test_{}", "cv_{}_mean", "{}")
# Of each experiment the first row of an index over (experiment, key, value), from the end that is better.
BEST = """
    SELECT problem.id, keys.place, best.value
    FROM experiments_problem AS problem
    JOIN experiments_experiment AS experiment ON experiment.problem_id = problem.id AND experiment.lifecycle = 'active'
    CROSS JOIN LATERAL (VALUES (0, 'validation_' || primary_metric), (1, 'test_' || primary_metric),
                               (2, 'cv_' || primary_metric || '_mean'), (3, primary_metric)) AS keys (place, key)
    CROSS JOIN LATERAL (
        (SELECT value FROM experiments_latestmetric AS metric JOIN experiments_run AS run ON run.id = metric.run_id
         WHERE problem.direction = 'maximize' AND metric.experiment_id = experiment.id AND metric.key = keys.key
           AND NOT is_nan AND run.status = 'FINISHED' AND run.lifecycle = 'active' AND NOT run.is_baseline
         ORDER BY value DESC LIMIT 1)
        UNION ALL
        (SELECT value FROM experiments_latestmetric AS metric JOIN experiments_run AS run ON run.id = metric.run_id
         WHERE problem.direction = 'minimize' AND metric.experiment_id = experiment.id AND metric.key = keys.key
           AND NOT is_nan AND run.status = 'FINISHED' AND run.lifecycle = 'active' AND NOT run.is_baseline
         ORDER BY value LIMIT 1)
    ) AS best
    WHERE problem.id = ANY(%s)
"""


@dataclass(frozen=True)
class Best:
    """`meets` is None for a problem without a threshold; `share` is how far towards it, 0 to 1, for a bar."""

    value: float
    key: str
    meets: bool | None
    share: float | None


def best_of(problems: Iterable[Problem]) -> dict[int, Best]:
    """By problem, over finished runs that are no baselines; one statement."""
    known = {problem.pk: problem for problem in problems}
    found: dict[int, dict[int, list[float]]] = {}
    for pk, place, value in sql_rows.fetched(BEST, [list(known)]) if known else []:
        found.setdefault(pk, {}).setdefault(place, []).append(value)
    return {pk: _best(known[pk], values) for pk, values in found.items()}


def _best(problem: Problem, values: dict[int, list[float]]) -> Best:
    """Validation before test before folds, as the leaderboard has it."""
    place = min(values)
    maximize = problem.direction == "maximize"
    value = max(values[place]) if maximize else min(values[place])
    key, bound = KEYS[place].format(problem.primary_metric), problem.success_threshold
    if bound is None:
        return Best(value, key, None, None)
    return Best(value, key, value >= bound if maximize else value <= bound, _share(value, bound, maximize))


def _share(value: float, bound: float, maximize: bool) -> float | None:
    """None where a ratio says nothing, such as across zero."""
    if value <= 0 or bound <= 0:
        return None
    return min(1.0, value / bound if maximize else bound / value)
