"""What a recipe is worth on labelled rows of the live traffic. Called by the study."""

from __future__ import annotations

import pandas as pd

from mlregistry.errors import Invalid
from mlregistry.ml.comparing.paired import Estimate
from mlregistry.ml.improving import checking
from mlregistry.ml.improving.rows import Bench
from mlregistry.ml.recipes import Recipe

FEW_RESAMPLES = 300


class Traffic:
    """Labelled rows of the traffic, and what a recipe is worth on them once it is fitted on the searched rows."""

    def __init__(self, found: Bench, rows: pd.DataFrame | None) -> None:
        self.found = found
        self.rows = rows
        self.unchanged = checking.fitted(found.work, found.work.recipe, found.searched)

    def difference(self, recipe: Recipe) -> Estimate | None:
        """To the unchanged recipe; None where there are too few rows, or it cannot be fitted or asked."""
        if self.rows is None or len(self.rows) < checking.LEAST_ROWS:
            return None
        try:
            own = checking.fitted(self.found.work, recipe, self.found.searched)
        except Invalid:
            return None
        check = checking.live(self.found.work, self.unchanged, own, self.rows, n_resamples=FEW_RESAMPLES)
        return check.difference
