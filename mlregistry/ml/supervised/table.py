"""A table made ready for one supervised recipe: its target read, its rows parted. Called by training and trials."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from mlregistry.errors import Invalid
from mlregistry.ml import splits, targets, training_steps
from mlregistry.ml.problems import MIN_ROWS, ProblemSpec, validate
from mlregistry.ml.recipes import Recipe, check_estimator

Array = npt.NDArray[Any]
Report = Callable[[float, str], None]
SUPERVISED = ("classification", "regression")


@dataclass
class Work:
    """What the steps hand on to each other; rows are numbered as in `frame`, which holds those with a target.

    `numbers` are those that the rows have in the whole table.
    """

    spec: ProblemSpec
    recipe: Recipe
    report: Report
    frame: pd.DataFrame
    target: Array
    classes: list[Any]
    features: list[str]
    n_rows: dict[str, int]
    numbers: Array
    warnings: list[str] = field(default_factory=list)
    seconds: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def timed(self, step: str) -> Iterator[None]:
        start = time.perf_counter()
        yield
        self.seconds[step] = round(time.perf_counter() - start, 6)


def prepare(spec: ProblemSpec, recipe: Recipe, frame: pd.DataFrame, report: Report) -> Work:
    """The rows that have a target, with the target read; Invalid names the column that stands against it."""
    spec = validate(spec)
    if spec.kind not in SUPERVISED:
        raise Invalid(f"This training is for {' and '.join(SUPERVISED)}.", field="kind")
    recipe = check_estimator(recipe, spec.kind)
    _check_columns(spec, frame)
    total = len(frame)
    numbers = np.flatnonzero(frame[spec.target].notna())
    frame = frame.iloc[numbers].reset_index(drop=True)
    if len(frame) < MIN_ROWS:
        raise Invalid(
            f"{len(frame)} rows have the target '{spec.target}'; at least {MIN_ROWS} are needed.",
            field=spec.target,
        )
    target, classes = targets.read(frame[spec.target], spec.kind)
    n_rows = {"total": total, "without_target": total - len(frame)}
    features = spec.feature_names([str(name) for name in frame.columns])
    work = Work(spec, recipe, report, frame, target, classes, features, n_rows, numbers)
    if recipe.split.group in features:
        work.warnings.append(
            f"Column '{recipe.split.group}' tells the groups and is a feature too, of which test rows have values that"
            " training never saw; better take it out of the problem's features."
        )
    if total > len(frame):
        work.warnings.append(f"{total - len(frame):,} rows without target '{spec.target}' were left out.")
    return work


def _check_columns(spec: ProblemSpec, frame: pd.DataFrame) -> None:
    names = [str(name) for name in frame.columns]
    for name in [spec.target, *spec.feature_names(names)]:
        if name not in names:
            raise Invalid(f"The table has no column '{name}'.", field=name)
        column = frame[name]
        if pd.api.types.is_float_dtype(column) and bool(
            np.isinf(column.to_numpy(np.float64, na_value=np.nan)).any()
        ):
            raise Invalid(f"Column '{name}' holds infinite values; remove or replace them.", field=name)
    if not spec.feature_names(names):
        raise Invalid("The table has no feature column besides the target.", field="features")


def part(work: Work) -> splits.Parts:
    """The parts of the recipe's split, the training rows less those that its steps leave out."""
    recipe, target = work.recipe, work.spec.target
    parts = splits.split(
        work.target,
        recipe.split,
        classes=bool(work.classes),
        seed=recipe.seed,
        order=training_steps.order_of(work.frame, recipe.split),
        groups=training_steps.groups_of(work.frame, recipe.split),
    )
    n_parted = len(parts.train) + len(parts.validation) + len(parts.test)
    if n_parted < len(work.target):
        work.n_rows["gap"] = len(work.target) - n_parted
    table = work.frame[[*work.features, target]]
    kept = training_steps.without_duplicates(recipe.all_steps, table, target, parts.train)
    work.n_rows["duplicates"] = len(parts.train) - len(kept)
    if work.n_rows["duplicates"]:
        work.warnings.append(f"{work.n_rows['duplicates']:,} duplicate training rows were left out.")
    parts = splits.Parts(kept, parts.validation, parts.test)
    if len(np.unique(work.target[parts.train])) < 2:
        raise Invalid(f"The target '{target}' is constant in the training rows.", field=target)
    fitted = training_steps.without_gaps(recipe.all_steps, table, target, parts.train)
    if len(fitted) < len(parts.train):
        work.n_rows["left_out_for_gaps"] = len(parts.train) - len(fitted)
        work.warnings.append(f"{work.n_rows['left_out_for_gaps']:,} training rows with gaps were left out.")
    work.n_rows |= {"train": len(parts.train), "validation": len(parts.validation), "test": len(parts.test)}
    return parts
