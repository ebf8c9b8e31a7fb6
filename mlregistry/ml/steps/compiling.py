"""Steps to one scikit-learn Pipeline, the rows that stay in training, and the columns that a fitted one needs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.pipeline import Pipeline
from sklearn.utils import get_tags

from mlregistry.errors import Invalid
from mlregistry.ml.steps import rows
from mlregistry.ml.steps.catalogue import KINDS, Making
from mlregistry.ml.steps.finishing import FinalMatrix, NothingLeft
from mlregistry.ml.steps.frames import ReadColumns
from mlregistry.ml.steps.history import History
from mlregistry.ml.steps.parsing import Step


def features(steps: Sequence[Step], making: Making, *, gaps: bool = False) -> list[tuple[str, Any]]:
    """The named transformers from a frame of raw columns to a matrix; with `gaps` it may have NaN."""
    made: list[tuple[str, Any]] = [("read", ReadColumns())]
    made += [
        (name_of(place, step), transformer(step, making))
        for place, step in enumerate(steps)
        if not step.on_rows
    ]
    return [*made, ("matrix", FinalMatrix(gaps))]


def pipeline(steps: Sequence[Step], making: Making, estimator: Any) -> Pipeline:
    """The unfitted whole, from raw columns to predictions."""
    gaps = bool(get_tags(estimator).input_tags.allow_nan)
    return Pipeline([*features(steps, making, gaps=gaps), ("estimator", estimator)])


def transformer(step: Step, making: Making) -> Any:
    """The unfitted transformer of a step on columns."""
    make = step.entry.make
    assert make is not None, step.kind  # noqa: S101  # steps of other kinds do not come here
    return make(step.columns if step.columns is not None else [], step.options, making)


def name_of(place: int, step: Step) -> str:
    """What the step is called in the pipeline; places count from 1."""
    return f"{place + 1}_{step.kind}"


def kept_rows(step: Step, frame: pd.DataFrame, target: str) -> npt.NDArray[np.bool_]:
    """Which rows of the raw training `frame` (with its target) a step on rows keeps."""
    if step.kind == "drop_rows":
        return rows.without_gaps(frame, target, step.columns, step.options["which"])
    return rows.without_duplicates(frame, target, step.columns)


def fit_features(pipeline: Pipeline, frame: pd.DataFrame, target: Any) -> Any:
    """Fit every transformer as Pipeline.fit does and return the matrix; Invalid names the step that fails."""
    values: Any = frame
    for name, part in pipeline.steps[:-1]:
        try:
            values = part.fit_transform(values, target)
        except NothingLeft:
            raise
        except (Invalid, ValueError, TypeError, FloatingPointError, np.linalg.LinAlgError) as error:
            raise failure(name, error) from error
    return values


def failure(name: str, error: Exception) -> Invalid:
    """What a person is told about a step that cannot be fitted; `name` is that of the pipeline."""
    message = (str(error).strip().splitlines() or ["the values do not allow it"])[0][:500].rstrip(".")
    number, _, kind = name.partition("_")
    if not number.isdigit():
        return Invalid(f"{message[:1].upper()}{message[1:]}.", field="steps")
    option = ".formula" if kind == "formula" else ""
    return Invalid(
        f"Step {number} ({KINDS[kind].title}): {message}.", field=f"steps.{int(number) - 1}{option}"
    )


def looks_back(pipeline: Pipeline) -> bool:
    """Whether a row's features depend on other rows of the same call."""
    return any(isinstance(part, History) for _, part in pipeline.steps)


def prune(pipeline: Pipeline) -> list[str]:
    """Free a fitted pipeline of the raw columns that no step reads and that do not reach the estimator.

    Returns the raw columns that are needed, in their order.
    """
    parts = [part for _, part in pipeline.steps if hasattr(part, "names_out_")]
    raw = list(parts[0].names_out_)
    origins = {name: {name} for name in raw}
    needed: set[str] = set()
    for part in parts:
        reads = {name for names in part.sources_.values() for name in names} | set(
            getattr(part, "columns_", [])
        )
        needed |= set().union(*(origins[name] for name in reads if name in origins))
        made = {name: set().union(*(origins[one] for one in names)) for name, names in part.sources_.items()}
        origins = {name: made[name] if name in made else origins[name] for name in part.names_out_}
    needed |= set().union(*origins.values())
    _forget(parts, set(raw) - needed)
    return [name for name in raw if name in needed]


def _forget(parts: list[Any], unneeded: set[str]) -> None:
    gone = set(unneeded)
    for part in parts:
        gone -= set(part.sources_)
        part.names_out_ = [name for name in part.names_out_ if name not in gone]
