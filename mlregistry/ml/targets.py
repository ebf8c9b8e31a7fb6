"""Reads a target column into an array a model can learn, or says which column stands against it.

Called by training.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from mlregistry.errors import Invalid
from mlregistry.ml.pipelines import column_type
from mlregistry.ml.problems import MAX_CLASSES

Array = npt.NDArray[Any]


def read(column: pd.Series[Any], kind: str) -> tuple[Array, list[Any]]:
    """The values (no gaps) and the sorted classes, none for a regression; Invalid names the column."""
    name = str(column.name)
    if column.nunique() < 2:
        raise Invalid(f"The target '{name}' is constant; there is nothing to learn.", field=name)
    if kind == "regression":
        return _numbers(column, name), []
    values = _labels(column, name)
    classes, counts = np.unique(values, return_counts=True)
    if len(classes) > MAX_CLASSES:
        raise Invalid(
            f"The target '{name}' has {len(classes):,} different values; at most {MAX_CLASSES} classes"
            " are allowed.",
            field=name,
        )
    rare = classes[counts < 2].tolist()
    if rare:
        raise Invalid(
            f"The class '{rare[0]}' of target '{name}' has one member; at least 2 are needed.", field=name
        )
    return values, classes.tolist()


def class_type(classes: list[Any]) -> str:
    """The column type of the class labels."""
    if all(isinstance(label, bool) for label in classes):
        return "boolean"
    return "integer" if all(isinstance(label, int) for label in classes) else "string"


def _numbers(column: pd.Series[Any], name: str) -> Array:
    if column_type(column) not in ("integer", "float"):
        raise Invalid(
            f"The target '{name}' holds {column_type(column)} values such as {column.iloc[0]!r};"
            " a regression needs numbers.",
            field=name,
        )
    return column.to_numpy(dtype=np.float64)


def _labels(column: pd.Series[Any], name: str) -> Array:
    type = column_type(column)
    if type == "datetime":
        raise Invalid(f"The target '{name}' holds times; a classification needs classes.", field=name)
    if type == "boolean":
        return column.to_numpy(dtype=np.bool_)
    if type in ("integer", "float"):
        numbers = column.to_numpy(dtype=np.float64)
        if (numbers == np.floor(numbers)).all() and (np.abs(numbers) < 2**53).all():
            return numbers.astype(np.int64)
    return np.array([str(value) for value in column], dtype=np.str_)
