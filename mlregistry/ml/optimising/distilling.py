"""One small model taught by what the large one answers, on training rows and on rows made up between them.

Made-up rows as in "born again trees" (Breiman and Shang 1996): each takes some of its values from another row.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.pipeline import Pipeline

from mlregistry.ml import estimators
from mlregistry.ml.estimators import CATALOGUE
from mlregistry.ml.optimising import choosing
from mlregistry.ml.optimising.inner import with_last
from mlregistry.ml.optimising.methods import STUDENTS
from mlregistry.ml.optimising.subject import Made, Subject

Array = npt.NDArray[Any]
SWAPPED = 0.25
MOST_ROWS = 20_000
TIMES = 3
DEPTHS = (4, 6, 8, 12)
TREE = "decision_tree"


def distil(subject: Subject) -> Iterator[Made]:
    """One candidate per pupil; the tree is as shallow as the tolerance allows."""
    for place, name in enumerate(STUDENTS[subject.kind]):
        title = CATALOGUE[subject.kind][name].title
        subject.work.report(place / len(STUDENTS[subject.kind]), f"Teaching a {title.lower()}")
        params = {"max_depth": _depth(subject)} if name == TREE else {}
        pupil = _taught(subject, subject.pipeline, subject.parts.train, name, params)
        depth = f" of depth {params['max_depth']}" if params else ""
        yield Made(
            "distil",
            f"Taught: {title.lower()}{depth}",
            pupil,
            f"A {title.lower()}{depth} taught by the model's answers to the training rows and to {TIMES} made-up rows"
            " for each.",
            facts={"pupil": name, **params},
        )


def _depth(subject: Subject) -> int:
    """The least depth within the tolerance of the best one, on rows that teacher and pupil have not seen."""
    inside, outside = choosing.partitions(subject)[0]
    plain = replace(subject.recipe, folds=0, repeats=1)
    is_seen = not len(subject.parts.validation)
    teacher = subject.train(plain, inside) if is_seen else subject.pipeline
    values = [
        subject.value(
            subject.outcome(_taught(subject, teacher, inside, TREE, {"max_depth": depth}), outside, inside)
        )
        for depth in DEPTHS
    ]
    best = max(values, key=lambda value: subject.sign * value)
    found = choosing.smallest_within(subject, values, best)
    return DEPTHS[-1 if found is None else found]


def _taught(subject: Subject, teacher: Pipeline, rows: Array, name: str, params: dict[str, Any]) -> Pipeline:
    chance = np.random.default_rng(subject.recipe.seed)
    frame = lessons(subject.frame(rows), chance)
    pupil = estimators.make(subject.kind, name, params, seed=subject.recipe.seed)
    matrix = np.asarray(teacher[:-1].transform(frame))
    last = teacher.steps[-1][1]
    if not subject.work.classes:
        pupil.fit(matrix, np.asarray(last.predict(matrix), dtype=np.float64))
    else:
        _fit_shares(pupil, matrix, np.asarray(last.predict_proba(matrix)), np.asarray(last.classes_))
    return with_last(teacher, "estimator", pupil)


def _fit_shares(pupil: Any, matrix: Array, shares: Array, classes: Array) -> None:
    """Each row once per class, weighted by the probability that the teacher gives it."""
    n, k = shares.shape
    target = np.tile(classes, n)
    weights = shares.ravel()
    kept = weights > 1e-6
    pupil.fit(np.repeat(matrix, k, axis=0)[kept], target[kept], sample_weight=weights[kept])


def lessons(frame: pd.DataFrame, chance: np.random.Generator) -> pd.DataFrame:
    """The rows and those made up of them."""
    if len(frame) > MOST_ROWS // 2:
        frame = frame.iloc[np.sort(chance.choice(len(frame), MOST_ROWS // 2, replace=False))]
    n = min(TIMES * len(frame), max(len(frame), MOST_ROWS - len(frame)))
    base, other = chance.integers(0, len(frame), n), chance.integers(0, len(frame), n)
    columns = {
        name: frame[name].iloc[np.where(chance.random(n) < SWAPPED, other, base)].reset_index(drop=True)
        for name in frame.columns
    }
    return pd.concat([frame.reset_index(drop=True), pd.DataFrame(columns)], ignore_index=True)
