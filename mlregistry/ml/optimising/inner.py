"""The estimator inside the wrappers of a fitted pipeline, and the pipeline with another one there."""

from __future__ import annotations

import copy
from typing import Any

from sklearn.pipeline import Pipeline

WRAPPERS = {"Adjusted": "classifier_", "Balanced": "classifier_", "TransformedTargetRegressor": "regressor_"}


def inner_of(pipeline: Pipeline) -> Any:
    """The fitted estimator itself, without thresholds, weights of classes and scaled targets around it."""
    found = pipeline.steps[-1][1]
    while type(found).__name__ in WRAPPERS:
        found = getattr(found, WRAPPERS[type(found).__name__])
    return found


def with_inner(pipeline: Pipeline, estimator: Any) -> Pipeline:
    """A pipeline that shares the fitted steps and wraps another estimator in the same wrappers."""
    name, last = pipeline.steps[-1]
    return with_last(pipeline, name, _wrapped(last, estimator))


def with_last(pipeline: Pipeline, name: str, last: Any) -> Pipeline:
    found = copy.copy(pipeline)
    found.steps = [*pipeline.steps[:-1], (name, last)]
    return found


def _wrapped(outer: Any, estimator: Any) -> Any:
    attribute = WRAPPERS.get(type(outer).__name__)
    if attribute is None:
        return estimator
    found = copy.copy(outer)
    setattr(found, attribute, _wrapped(getattr(outer, attribute), estimator))
    return found
