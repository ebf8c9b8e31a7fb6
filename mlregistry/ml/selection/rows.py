"""Reads a table for a study: rows with a target, at most so many, the target as an array. Called by the study."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from mlregistry.errors import Invalid
from mlregistry.ml import targets
from mlregistry.ml.problems import MIN_ROWS, ProblemSpec, validate
from mlregistry.ml.selection.plan import MOST_FEATURES, PLAIN
from mlregistry.ml.selection.ranking import Array, sample

MOST_STUDY_ROWS = 50_000


@dataclass
class Rows:
    """The frame and its target; `classes` is empty for a regression."""

    frame: pd.DataFrame
    target: Array
    classes: list[Any]
    features: list[str]
    warnings: list[str] = field(default_factory=list)


def read(spec: ProblemSpec, frame: pd.DataFrame, seed: int) -> Rows:
    """The rows to study; Invalid names the column or field that stands against it."""
    spec = validate(spec)
    if spec.kind not in PLAIN:
        raise Invalid(f"Selection is for {' and '.join(PLAIN)} problems.", field="kind")
    features = _features(spec, frame)
    known = np.flatnonzero(frame[spec.target].notna().to_numpy())
    if len(known) < MIN_ROWS:
        raise Invalid(
            f"{len(known)} rows have the target '{spec.target}'; at least {MIN_ROWS} are needed.",
            field=spec.target,
        )
    notes = []
    if len(known) < len(frame):
        notes.append(f"{len(frame) - len(known):,} rows without target '{spec.target}' were left out.")
    if len(known) > MOST_STUDY_ROWS:
        notes.append(f"A random sample of {MOST_STUDY_ROWS:,} of {len(known):,} rows was studied.")
        known = known[sample(len(known), seed, MOST_STUDY_ROWS)]
    kept = frame.iloc[known].reset_index(drop=True)
    target, classes = targets.read(kept[spec.target], spec.kind)
    return Rows(kept, target, classes, features, notes)


def _features(spec: ProblemSpec, frame: pd.DataFrame) -> list[str]:
    names = [str(name) for name in frame.columns]
    features = spec.feature_names(names)
    for name in [spec.target, *features]:
        if name not in names:
            raise Invalid(f"The table has no column '{name}'.", field=name)
        column = frame[name]
        if pd.api.types.is_float_dtype(column) and bool(
            np.isinf(column.to_numpy(np.float64, na_value=np.nan)).any()
        ):
            raise Invalid(f"Column '{name}' holds infinite values; remove or replace them.", field=name)
    if len(features) < 2:
        raise Invalid("Selection needs at least two feature columns.", field="features")
    if len(features) > MOST_FEATURES:
        raise Invalid(
            f"{len(features):,} features are more than the {MOST_FEATURES} that one study compares;"
            " name fewer in the problem.",
            field="features",
        )
    return features
