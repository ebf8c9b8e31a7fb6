"""Reads of problems. Called by doors, actions and workers."""

from experiments.models import Problem
from mlregistry.ml.problems import ProblemSpec


def spec_of(problem: Problem) -> ProblemSpec:
    """The row as the ML core knows it."""
    return ProblemSpec(
        kind=problem.kind,
        features=tuple(problem.features),
        target=problem.target,
        primary_metric=problem.primary_metric,
        direction=problem.direction,
        success_threshold=problem.success_threshold,
        granularity=tuple(problem.granularity),
        time_column=problem.time_column,
    )
