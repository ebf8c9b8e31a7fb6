"""Keep what a training came from. Called by the training job, and by the action that repeats a run."""

from __future__ import annotations

import hashlib
from typing import Any

import numpy as np
import pandas as pd

from experiments.models import Provenance, Run
from mlregistry.accounts.actor import Actor
from mlregistry.accounts.models import Role
from mlregistry.ml import environment
from mlregistry.ml.problems import ProblemSpec
from mlregistry.ml.training_result import TrainingResult


def facts_of(run: Run, result: TrainingResult, *, table_digest: str) -> dict[str, Any]:
    """The facts, as JSON, of a training that has just been done in this process."""
    version = run.dataset_version
    return {
        "seed": (run.recipe or {}).get("seed"),
        "dataset": None
        if version is None
        else {"name": version.dataset.name, "version": version.number, "digest": version.digest},
        "table_digest": table_digest,
        "split_digest": result.split_digest,
        "predictions_digest": "" if result.predictions is None else _digest(result.predictions),
        "environment": environment.describe(),
    }


def keep_provenance(run: Run, facts: dict[str, Any], *, spec: ProblemSpec, by: Actor) -> Provenance:
    """Beside the run; of a repetition it is known already which run it repeats."""
    by.require(Role.EDITOR)
    defaults = {"spec": spec.to_json(), "facts": facts}
    found, _ = Provenance.objects.update_or_create(run=run, defaults=defaults)
    return found


def _digest(predictions: pd.DataFrame) -> str:
    """Of every bit of the predictions for the test rows."""
    found = hashlib.sha256()
    for name in predictions.columns:
        column: Any = np.ascontiguousarray(predictions[name].to_numpy())
        found.update(f"{name}:{column.dtype}:{len(column)};".encode())
        found.update(column.tobytes())
    return found.hexdigest()
