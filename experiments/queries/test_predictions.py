"""The kept predictions for a run's test rows. Called by comparisons."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from experiments.models import Artifact, Run
from mlregistry.artifacts import store
from mlregistry.lib.lazily import lazily

if TYPE_CHECKING:
    import pandas as pd

    from mlregistry.ml import row_files
else:
    row_files = lazily("mlregistry.ml.row_files")

PATH = "evaluation/test_predictions.parquet"
MOST_BYTES = 100 * 1024 * 1024


def frame(run: Run) -> pd.DataFrame | None:
    """One row per test row, by its number in the table; None when the run has none."""
    found = _kept([run]).get(run.pk)
    return _read(found) if found else None


def right(runs: Iterable[Run]) -> dict[uuid.UUID, pd.Series[Any]]:
    """Whether each test row was predicted right, of the classifications that have them; one query for all."""
    classifications = [
        run for run in runs if run.problem is not None and run.problem.kind == "classification"
    ]
    frames = {pk: _read(found) for pk, found in _kept(classifications).items()}
    return {pk: rows["truth"] == rows["predicted"] for pk, rows in frames.items() if rows is not None}


def _kept(runs: Iterable[Run]) -> dict[uuid.UUID, Artifact]:
    rows = Artifact.objects.filter(run__in=list(runs), path=PATH).select_related("file")
    return {row.run_id: row for row in rows if row.run_id is not None}


def _read(found: Artifact) -> pd.DataFrame | None:
    if found.file.size > MOST_BYTES:
        return None
    with store.local_path(found.file) as path:
        return row_files.read(path).set_index("row")
