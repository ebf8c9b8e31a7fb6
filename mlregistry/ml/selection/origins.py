"""From which column of the table each prepared column came. Called by the study."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.compose import ColumnTransformer
from sklearn.pipeline import Pipeline

from mlregistry.ml.selection.ranking import Array

MARK = "\x1f"


def origins(preparation: Any, columns: list[str]) -> Array:
    """For each output of the fitted preparation the position of its column in `columns`.

    Exact for a ColumnTransformer of pipelines whose first step reads each column into equally many outputs. Others
    are read by their names: the longest column name that the output's name holds.
    """
    steps = [step for _, step in preparation.steps] if isinstance(preparation, Pipeline) else [preparation]
    if len(steps) == 1 and isinstance(steps[0], ColumnTransformer):
        return _of_blocks(steps[0], columns)
    return _by_name([str(name) for name in preparation.get_feature_names_out()], columns)


def _of_blocks(blocks: ColumnTransformer, columns: list[str]) -> Array:
    found = np.full(sum(part.stop - part.start for part in blocks.output_indices_.values()), -1)
    for name, block, names in blocks.transformers_:
        part = blocks.output_indices_[name]
        if part.stop > part.start:
            places = [columns.index(str(column)) for column in names]
            found[part] = [places[number] for number in _of_block(block, len(places))]
    return found


def _of_block(block: Pipeline, n_inputs: int) -> list[int]:
    """The input of each output: marked names are sent through the steps."""
    first, *others = [step for _, step in block.steps]
    each = len(first.get_feature_names_out()) // n_inputs
    names = np.array(
        [f"{MARK}{place // each}{MARK}{place}" for place in range(each * n_inputs)], dtype=object
    )
    for step in others:
        names = step.get_feature_names_out(names)
    return [int(str(name).split(MARK)[1]) for name in names]


def _by_name(names: list[str], columns: list[str]) -> Array:
    by_length = sorted(range(len(columns)), key=lambda place: -len(columns[place]))
    found = []
    for name in names:
        place = next((place for place in by_length if columns[place] in name), None)
        if place is None:
            raise ValueError(f"No column of the table is named in '{name}'.")
        found.append(place)
    return np.array(found)
