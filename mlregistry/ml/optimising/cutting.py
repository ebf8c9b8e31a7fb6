"""Boosting with fewer iterations: as few as are within the tolerance of the best number, fitted again."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.pipeline import Pipeline

from mlregistry.errors import Invalid
from mlregistry.ml.optimising import choosing
from mlregistry.ml.optimising.inner import inner_of
from mlregistry.ml.optimising.methods import ITERATIONS
from mlregistry.ml.optimising.subject import Made, Subject
from mlregistry.ml.recipes import Recipe

Array = npt.NDArray[Any]
MOST_MARKS = 60
SHARES = (0.1, 0.2, 0.35, 0.5, 0.7, 0.85, 1.0)  # where each number of iterations needs a fit of its own


def cut(subject: Subject) -> Iterator[Made]:
    """One candidate; Invalid where the last iteration is needed."""
    name = ITERATIONS[subject.recipe.estimator]
    n_before = int(subject.recipe.params[name])
    marks, values = _measured(subject, name, n_before)
    best = int(np.argmax(subject.sign * np.asarray(values)))
    found = choosing.smallest_within(subject, values, values[best])
    n = marks[best if found is None else found]
    if n >= n_before:
        raise Invalid(
            f"All {n_before} iterations are needed: held-out rows gain to the last one.", field="tolerance"
        )
    recipe = _with(subject.recipe, name, n)
    yield Made(
        "cut",
        f"{n} of {n_before} iterations",
        subject.train(recipe, subject.parts.train),
        f"Cut to {n} of {n_before} iterations, chosen on {choosing.where(subject)} (the best number there is"
        f" {marks[best]}), and fitted again.",
        recipe,
        choosing.curve(subject, "Boosting", "Iterations", marks, values),
        facts={"n_iterations": n, "n_iterations_before": n_before, "best": marks[best]},
    )


def _measured(subject: Subject, name: str, n: int) -> tuple[list[int], list[float]]:
    inner = inner_of(subject.pipeline)
    if not hasattr(inner, "staged_predict"):
        marks = sorted({max(1, round(share * n)) for share in SHARES})
        values = []
        for place, mark in enumerate(marks):
            subject.work.report(place / len(marks), f"Boosting with {mark} iterations")
            values.append(choosing.validated(subject, _with(subject.recipe, name, mark)))
        return marks, values
    marks = np.unique(np.linspace(1, n, min(n, MOST_MARKS)).round().astype(int)).tolist()
    pairs = choosing.partitions(subject)
    rows = []
    for place, (inside, outside) in enumerate(pairs):
        subject.work.report(place / len(pairs), f"Boosting, part {place + 1} of {len(pairs)}")
        pipeline = subject.train(replace(subject.recipe, calibration="none", threshold="half"), inside)
        rows.append(_by_stage(subject, pipeline, inside, outside, marks))
    reached = min(len(row) for row in rows)  # AdaBoost ends early where it makes no more mistakes
    if not reached:
        raise Invalid(
            "The boosting ends with its first iterations, so there is nothing to cut.", field="methods"
        )
    return marks[:reached], np.mean([row[:reached] for row in rows], axis=0).tolist()


def _by_stage(
    subject: Subject, pipeline: Pipeline, inside: Array, outside: Array, marks: Sequence[int]
) -> list[float]:
    inner = inner_of(pipeline)
    matrix = subject.matrix(pipeline, outside, inside)
    staged = inner.staged_predict_proba if subject.work.classes else inner.staged_predict
    wanted, found = set(marks), []
    for number, values in enumerate(staged(matrix), 1):
        if number in wanted:
            found.append(subject.value(subject.told(subject.work.target[outside], np.asarray(values))))
    return found


def _with(recipe: Recipe, name: str, n: int) -> Recipe:
    return replace(recipe, params={**recipe.params, name: n}, folds=0, repeats=1)
