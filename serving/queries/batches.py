"""Results of batch predictions as files to take away. The API and the pages call it."""

import tempfile
from pathlib import Path
from typing import IO, Any

from django.conf import settings

from mlregistry.artifacts import store
from mlregistry.errors import Conflict
from mlregistry.jobs.models import State
from mlregistry.ml import table_export
from mlregistry.ml.table_info import Column
from serving.models import Batch

SUFFIXES = {"parquet": "parquet", "csv": "csv"}


def exported(batch: Batch, *, format: str) -> IO[bytes]:
    """The result as one open file, which is gone from the disk once it is closed; Conflict while there is none."""
    if batch.result is None:
        raise Conflict("This batch has no result yet.", field="batch")
    columns = [Column(column["name"], column["type"], 0, 0, None, None, ()) for column in batch.columns]
    with (
        tempfile.TemporaryDirectory(prefix="export-", dir=settings.FILE_UPLOAD_TEMP_DIR) as folder,
        store.local_path(batch.result) as path,
    ):
        target = Path(folder) / "predictions"
        table_export.write(path, columns, target, format=format)
        return target.open("rb")


def state_of(batch: Batch) -> str:
    """The job's state; a batch whose job was deleted has ended."""
    if batch.result is not None:
        return State.SUCCEEDED.value
    return batch.job.state if batch.job is not None else State.FAILED.value


def batch_json(batch: Batch) -> dict[str, Any]:
    job, data, made = batch.job, batch.dataset_version, batch.result_version
    return {
        "id": batch.pk,
        "endpoint": batch.endpoint.name,
        "state": state_of(batch),
        "progress": 1.0 if batch.result else (job.progress if job else 0.0),
        "message": job.message if job else "",
        "error": job.error if job else "",
        "model": batch.version.model.name if batch.version else None,
        "version": batch.version.number if batch.version else None,
        "dataset": data.dataset_id if data else None,
        "dataset_version": data.number if data else None,
        "id_column": batch.id_column,
        "exact": batch.exact,
        "n_rows": batch.n_rows,
        "n_scored": batch.n_scored,
        "n_refused": batch.n_refused,
        "refused": batch.refused,
        "save_as": batch.save_as,
        "result_dataset": made.dataset_id if made else None,
        "result_version": made.number if made else None,
        "job": str(batch.job_id) if batch.job_id else None,
        "created_at": batch.created_at,
        "finished_at": batch.finished_at,
    }
