"""How the independent fits of one training are carried out: here, one after the other. Called by training.

The fit on all training rows comes first, for figures to look at. Each fold after it is a safe point: a training that
stops there fits once more and goes on with the next fold. `farming` carries the same fits out on a cluster.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy.typing as npt
from sklearn.pipeline import Pipeline

from mlregistry.ml.supervised.adjusting import fit_adjusted
from mlregistry.ml.supervised.crossing import cross_validate
from mlregistry.ml.supervised.table import Work

Array = npt.NDArray[Any]
Metrics = dict[str, float]


@dataclass
class Done:
    """The folds that have been measured, with what they warned of; plain JSON both."""

    folds: list[Metrics] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


class Carrier:
    """`done` is what an earlier attempt left; `keep` is called after each fold, and may raise to stop there.

    At `leave_by` of time.monotonic, where there is such, intervals and drawings that are not ready are left out.
    """

    def __init__(
        self,
        done: Done | None = None,
        keep: Callable[[Done], None] = lambda done: None,
        leave_by: float | None = None,
    ) -> None:
        self.done = done or Done()
        self.keep = keep
        self.leave_by = leave_by

    def folds(self, work: Work, pipeline: Pipeline, rows: Array) -> list[Metrics]:
        """The metrics of each of the recipe's folds of these rows."""
        n_folds = work.recipe.folds * work.recipe.repeats
        found = self.done.folds = self.done.folds[:n_folds]
        work.warnings += self.done.warnings
        measured = self._measured(work, pipeline, rows, len(found))
        while len(found) < n_folds:
            work.report(
                0.4 + 0.4 * len(found) / n_folds, f"Cross-validation, fold {len(found) + 1} of {n_folds}"
            )
            found.append(next(measured))
            self.done.warnings = list(dict.fromkeys(work.warnings))
            self.keep(self.done)
        return found

    def fit(self, work: Work, pipeline: Pipeline, rows: Array) -> None:
        """Fit the pipeline on these rows."""
        fit_adjusted(work, pipeline, rows)

    def _measured(self, work: Work, pipeline: Pipeline, rows: Array, first: int) -> Iterator[Metrics]:
        return cross_validate(work, pipeline, rows, first=first)
