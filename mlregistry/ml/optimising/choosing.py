"""How a method chooses: on rows that what it measures was not fitted on, within the tolerance. Called by methods."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from mlregistry.ml.optimising.subject import Subject
from mlregistry.ml.recipes import Recipe
from mlregistry.ml.supervised.folding import folds

Array = npt.NDArray[Any]
N_FOLDS = 3


def partitions(subject: Subject, n_folds: int = N_FOLDS) -> list[tuple[Array, Array]]:
    """(fitted, held-out) rows: the recipe's validation part, or else folds of the training rows."""
    parts = subject.parts
    if len(parts.validation):
        return [(parts.train, parts.validation)]
    return list(folds(subject.work, parts.train, n_folds=n_folds, repeats=1, seed=subject.recipe.seed + 1))


def where(subject: Subject) -> str:
    """The rows of the choice, for the report."""
    if len(subject.parts.validation):
        return f"{len(subject.parts.validation):,} validation rows"
    return f"{N_FOLDS} folds of the training rows"


def validated(subject: Subject, recipe: Recipe) -> float:
    """The metric on held-out rows, the mean over the partitions."""
    values = []
    for inside, outside in partitions(subject):
        pipeline = subject.train(recipe, inside)
        values.append(subject.value(subject.outcome(pipeline, outside, inside)))
    return float(np.mean(values))


def smallest_within(subject: Subject, values: Sequence[float], reference: float) -> int | None:
    """The first place (values go from the smallest model to the largest) that is within the tolerance."""
    for place, value in enumerate(values):
        if subject.sign * (value - reference) >= -subject.wish.tolerance:
            return place
    return None


def curve(
    subject: Subject, title: str, x_title: str, x: Sequence[float], y: Sequence[float]
) -> dict[str, Any]:
    return {
        "type": "lines", "title": title, "x_title": x_title, "y_title": subject.metric.title, "markers": True,
        "series": [{"name": "held-out rows", "x": [float(one) for one in x], "y": [float(one) for one in y]}],
    }  # fmt: skip
