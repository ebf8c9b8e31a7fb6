"""Keep what a training found out about its own test figures. Called by the training job."""

import tempfile
from pathlib import Path

from experiments.models import Evaluation, Run
from mlregistry.accounts.actor import Actor
from mlregistry.accounts.models import Role
from mlregistry.errors import Invalid
from mlregistry.ml import row_files
from mlregistry.ml.training_result import TrainingResult

from . import artifacts
from .test_uses import record_test_use

PREDICTIONS = "evaluation/test_predictions.parquet"


def save_predictions(run: Run, result: TrainingResult, *, by: Actor) -> None:
    """The predictions for the test rows as a Parquet file of the run."""
    if result.predictions is None:
        return
    with tempfile.TemporaryDirectory(prefix="rows-") as folder:
        path = Path(folder) / "rows.parquet"
        row_files.write(result.predictions, path)
        artifacts.save_artifact(run, PREDICTIONS, path, by=by)


def keep_evaluation(run: Run, result: TrainingResult, *, by: Actor) -> None:
    """The evaluation's row, and the look at the test rows that it was; nothing for kinds without one."""
    by.require(Role.EDITOR)
    if not result.evaluation:
        return
    if run.problem is None:
        raise Invalid("The problem of the run is gone.", field="problem")
    Evaluation.objects.update_or_create(
        run=run,
        defaults={
            "metric": run.problem.primary_metric,
            "target": run.problem.target,
            "document": result.evaluation,
            "replicates": None if result.replicates is None else result.replicates.tobytes(),
        },
    )
    record_test_use(run, result.evaluation["test_digest"], target=run.problem.target, by=by)
