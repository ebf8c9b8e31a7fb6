"""The kept predictions for a run's test rows. Called by comparisons."""

from __future__ import annotations

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
    found = Artifact.objects.filter(run=run, path=PATH).select_related("file").first()
    if found is None or found.file.size > MOST_BYTES:
        return None
    with store.local_path(found.file) as path:
        return row_files.read(path).set_index("row")


def right(run: Run) -> pd.Series[Any] | None:
    """Whether each test row of a classification was predicted right."""
    if run.problem is None or run.problem.kind != "classification":
        return None
    found = frame(run)
    return None if found is None else found["truth"] == found["predicted"]
