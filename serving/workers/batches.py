"""The job serving.predict_batch: a table through one version, chunk by chunk, into a Parquet file."""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from django.conf import settings

from experiments.queries.datasets import local_paths
from mlregistry.accounts.actor import Actor
from mlregistry.errors import NotFound
from mlregistry.jobs.context import JobContext
from serving.actions.batches import keep_result
from serving.model_files import load_whole
from serving.models import Batch
from serving.queries.routing import handle_of
from serving.table_scoring import score_table

ALMOST = 0.97


def predict_batch(context: JobContext, *, batch_id: int) -> dict[str, Any]:
    """Returns how many rows were scored and how many have no answer."""
    batch = _batch(batch_id)
    if batch.version is None or batch.dataset_version is None:
        raise NotFound("The version or the data was deleted meanwhile.")
    context.report(0.0, "Loading the model")
    model, total = load_whole(handle_of(batch.version)), max(1, batch.dataset_version.n_rows)

    def report(n_done: int) -> None:
        context.report(ALMOST * n_done / total, f"{n_done:,} of {total:,} rows")

    with (
        local_paths(batch.dataset_version) as paths,
        TemporaryDirectory(prefix="batch-", dir=settings.FILE_UPLOAD_TEMP_DIR) as folder,
    ):
        target = Path(folder) / "predictions.parquet"
        found = score_table(model, paths, target, id_column=batch.id_column, exact=batch.exact, report=report)
        if found.one_by_one:
            context.log(
                "The last bits of this model's answers depend on what is asked with a row: one by one."
            )
        context.report(ALMOST, "Keeping the result")
        by = Actor.system(batch.endpoint.team, user=batch.created_by)
        names = ("n_rows", "n_scored", "n_refused", "refused", "columns")
        keep_result(batch, target, {name: getattr(found, name) for name in names}, by=by)
    context.report(1.0, f"{found.n_scored:,} rows scored, {found.n_refused:,} without an answer")
    return {"n_scored": found.n_scored, "n_refused": found.n_refused}


def _batch(batch_id: int) -> Batch:
    rows = Batch.objects.select_related("endpoint__team", "dataset_version__dataset", "created_by")
    rows = rows.select_related("version__model", "version__compilation__file")
    found = rows.prefetch_related("version__files__file").filter(pk=batch_id).first()
    if found is None:
        raise NotFound(f"There is no batch {batch_id} any more.")
    return found
