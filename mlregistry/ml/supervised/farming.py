"""The fits of one training on a Dask cluster: its folds side by side, the members of its ensemble side by side.

Called by the training job for large tables. The figures are those of a training on this machine, to the last bit; what
the cluster cannot do is done here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy.typing as npt
import threadpoolctl
from sklearn.pipeline import Pipeline

from mlregistry.ml.farm import Farm, FarmLost
from mlregistry.ml.supervised.carrying import Carrier, Done, Metrics
from mlregistry.ml.supervised.crossing import measure_fold
from mlregistry.ml.supervised.folding import folds
from mlregistry.ml.supervised.table import Work

Array = npt.NDArray[Any]


@dataclass(frozen=True)
class Parcel:
    """A prepared table and its unfitted pipeline on their way to the workers, without what belongs to this process."""

    work: Work
    pipeline: Pipeline
    n_threads: int
    is_large: bool = True


class Farmer(Carrier):
    """A Carrier with a cluster, which is tried once more when it was lost; `farm` is None after that."""

    def __init__(
        self, farm: Farm, done: Done | None = None, keep: Callable[[Done], None] = lambda done: None
    ) -> None:
        super().__init__(done, keep)
        self.farm: Farm | None = farm
        self._has_recovered = False

    def fit(self, work: Work, pipeline: Pipeline, rows: Array) -> None:
        while self.farm is not None:
            try:
                with self.farm.members():
                    super().fit(work, pipeline, rows)
                return
            except FarmLost as error:
                self._go_on(work, error)
        super().fit(work, pipeline, rows)

    def _measured(self, work: Work, pipeline: Pipeline, rows: Array, first: int) -> Iterator[Metrics]:
        n_found = first
        parcel = Parcel(replace(work, report=_silent, warnings=[], seconds={}), pipeline, _n_threads())
        while self.farm is not None:
            calls = [(parcel, inside, outside) for inside, outside in folds(work, rows)][n_found:]
            try:
                for found, warned in self.farm.each(measure_on_worker, calls):
                    work.warnings += warned
                    n_found += 1
                    yield found
            except FarmLost as error:
                self._go_on(work, error)
            else:
                return
        yield from super()._measured(work, pipeline, rows, n_found)

    def _go_on(self, work: Work, error: FarmLost) -> None:
        """On what is left of the cluster, or without it."""
        if self.farm is not None and not self._has_recovered and self.farm.recovers():
            self._has_recovered = True
            return
        self.farm = None
        work.warnings.append(without_cluster(error))


def without_cluster(error: FarmLost) -> str:
    """What a run says about fits that were meant for the cluster."""
    return f"Fitted on one machine, without the Dask cluster: {error}."


def measure_on_worker(parcel: Parcel, inside: Array, outside: Array) -> tuple[Metrics, list[str]]:
    """On the worker: one fold, with as many threads as the sender would use, and what it warned of."""
    work = replace(parcel.work, warnings=[])
    with threadpoolctl.threadpool_limits(parcel.n_threads):
        found = measure_fold(work, parcel.pipeline, inside, outside)
    return found, work.warnings


def _n_threads() -> int:
    return max((pool["num_threads"] for pool in threadpoolctl.threadpool_info()), default=1)


def _silent(fraction: float, message: str) -> None:
    return None
