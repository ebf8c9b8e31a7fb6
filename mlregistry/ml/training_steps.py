"""What training asks of a recipe's steps: rows left out, features fitted, columns needed, history."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.pipeline import Pipeline

from mlregistry.errors import Invalid
from mlregistry.ml.recipes import Split
from mlregistry.ml.steps import compiling
from mlregistry.ml.steps.applying import ApplyTo, DropUseless
from mlregistry.ml.steps.compiling import looks_back
from mlregistry.ml.steps.finishing import NothingLeft
from mlregistry.ml.steps.frames import raw_kind
from mlregistry.ml.steps.history import History
from mlregistry.ml.steps.parsing import Step
from mlregistry.ml.steps.times import DateFeatures

Array = npt.NDArray[Any]


def order_of(frame: pd.DataFrame, split: Split) -> Array | None:
    """The values of the column that a split by time goes by; Invalid when it tells no order."""
    if split.method != "by_time":
        return None
    if split.order not in frame.columns:
        raise Invalid(f"The table has no column '{split.order}'.", field="split.order")
    column = frame[split.order]
    if raw_kind(column) not in ("number", "time"):
        raise Invalid(f"Column '{split.order}' holds neither numbers nor times.", field="split.order")
    if bool(column.isna().any()):
        raise Invalid(f"Column '{split.order}' has gaps, so the rows have no order.", field="split.order")
    return column.to_numpy()


def groups_of(frame: pd.DataFrame, split: Split) -> Array | None:
    """A number per row that tells its group, when the split goes by one; Invalid when rows have none."""
    if not split.group:
        return None
    if split.group not in frame.columns:
        raise Invalid(f"The table has no column '{split.group}'.", field="split.group")
    codes, _ = pd.factorize(frame[split.group])
    if (codes < 0).any():
        raise Invalid(f"Column '{split.group}' has gaps; every row needs its group.", field="split.group")
    return codes


def without_duplicates(steps: Sequence[Step], table: pd.DataFrame, target: str, rows: Array) -> Array:
    """The training rows that steps on duplicates keep."""
    return _kept([step for step in steps if step.kind == "duplicates"], table, target, rows)


def without_gaps(steps: Sequence[Step], table: pd.DataFrame, target: str, rows: Array) -> Array:
    """The training rows that other steps on rows keep."""
    return _kept([step for step in steps if step.on_rows and step.kind != "duplicates"], table, target, rows)


def _kept(steps: Sequence[Step], table: pd.DataFrame, target: str, rows: Array) -> Array:
    for step in steps:
        try:
            rows = rows[compiling.kept_rows(step, table.iloc[rows], target)]
        except ValueError as error:
            raise Invalid(f"{step.entry.title}: {error}.", field="steps") from error
    return rows


def fit_features(pipeline: Pipeline, frame: pd.DataFrame, target: Array | None) -> Any:
    """Fit all but the estimator; Invalid when no feature is left, with the reasons."""
    try:
        return compiling.fit_features(pipeline, frame, target)
    except NothingLeft as error:
        dropped = {
            name: reason
            for part in _parts(pipeline)
            for name, reason in getattr(part, "dropped_", {}).items()
        }
        details = [f"Column '{name}' {reason}." for name, reason in dropped.items()]
        message = "No usable feature is left in the training rows."
        raise Invalid(message, field="features", details=details) from error


def settle(pipeline: Pipeline, warnings: list[str]) -> list[str]:
    """Free the fitted pipeline of columns it does not need, tell what became of them, return those it needs."""
    for part in _parts(pipeline):
        if isinstance(part, DropUseless):
            warnings += [
                f"Column '{name}' {reason} and was dropped." for name, reason in part.dropped_.items()
            ]
        if isinstance(part, ApplyTo) and isinstance(part.transformer, DateFeatures):
            warnings += [f"Column '{name}' is a time; its parts were used." for name in part.columns_]
    return compiling.prune(pipeline)


@contextmanager
def lenient(pipeline: Pipeline) -> Iterator[None]:
    """Within, rows without enough history have missing values, as in training, instead of being refused."""
    looking = [part for part in _parts(pipeline) if isinstance(part, History)]
    before = [part.short_history for part in looking]
    for part in looking:
        part.short_history = "missing"
    try:
        yield
    finally:
        for part, value in zip(looking, before, strict=True):
            part.short_history = value


def example_rows(pipeline: Pipeline, frame: pd.DataFrame, rows: Array, n_rows: int) -> pd.DataFrame:
    """Rows that the pipeline answers: the first of `rows`, or as many of one group as the history takes."""
    looking = [part for part in _parts(pipeline) if isinstance(part, History)]
    if not looking:
        return frame.iloc[rows[:n_rows]]
    part = looking[0]
    groups = frame.groupby(list(part.group_), dropna=False).groups if part.group_ else {0: frame.index}
    largest = frame.loc[max(groups.values(), key=len)].sort_values(part.order)
    moments = largest[part.order].to_numpy()
    needed = max(one.needed() for one in looking)
    places = [place for place in range(len(moments)) if np.sum(moments < moments[place]) >= needed]
    if not places:
        return frame.iloc[:0]
    last = places[0]
    return largest.iloc[max(0, last - needed - n_rows) : last + 1]


def _parts(pipeline: Pipeline) -> list[Any]:
    return [part for _, part in pipeline.steps[:-1]]


__all__ = [
    "example_rows", "fit_features", "groups_of", "lenient", "looks_back", "order_of", "settle", "without_duplicates",
    "without_gaps",
]  # fmt: skip
