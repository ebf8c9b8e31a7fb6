"""From which column of the table each prepared column came. Called by the study."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from mlregistry.errors import Invalid
from mlregistry.ml.selection.ranking import Array
from mlregistry.ml.steps.lineage import lineage


def origins(steps: Sequence[tuple[str, Any]], columns: Sequence[str]) -> Array:
    """For each output of the fitted steps the position of its column in `columns`.

    Raises Invalid for an output of several columns: what would be left out with it is no column of the table.
    """
    place_of = {name: place for place, name in enumerate(columns)}
    found = []
    for name, origin in lineage(steps).items():
        if len(origin.columns) != 1:
            raise Invalid(
                f"'{name}' is made of several columns ({', '.join(origin.columns[:5])}), so a study cannot say which"
                " of them to leave out; leave that step out of the recipe.",
                field="recipe.steps",
            )
        found.append(place_of[origin.columns[0]])
    return np.array(found)
