"""Which way a metric of a version is better, by its key. For tables and comparisons of versions."""

from experiments.models import Problem
from mlregistry.ml.metrics import MAXIMIZE, METRICS

PARTS = ("test_", "validation_", "cv_", "train_")


def direction_of(key: str, problem: Problem | None) -> str | None:
    """maximize, minimize, or None for a key that nobody here knows. The problem's own metric goes by the problem."""
    name = next((key.removeprefix(part) for part in PARTS if key.startswith(part)), key).removesuffix("_mean")
    if problem is not None and name == problem.primary_metric:
        return problem.direction
    kinds = (
        [METRICS[problem.kind]] if problem is not None and problem.kind in METRICS else list(METRICS.values())
    )
    return next((kind[name].direction for kind in kinds if name in kind), None)


def is_better(key: str, value: float, other: float, problem: Problem | None) -> bool | None:
    """None where they are equal or nobody knows which way is better."""
    direction = direction_of(key, problem)
    if direction is None or value == other:
        return None
    return (value > other) == (direction == MAXIMIZE)
