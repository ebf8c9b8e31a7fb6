"""Batch predictions: start one, keep what it made. The API and the pages start them, the job keeps the result."""

from pathlib import Path
from typing import Any

from django.db import transaction
from django.utils import timezone

from experiments.actions.datasets import add_version, create_dataset
from experiments.models import Dataset, DatasetVersion
from mlregistry.accounts.actor import Actor
from mlregistry.accounts.audit import record
from mlregistry.accounts.models import Role
from mlregistry.artifacts import store
from mlregistry.errors import Conflict, Invalid
from mlregistry.jobs.queue import enqueue
from mlregistry.lib.names import clean_name
from serving.models import Batch, Endpoint, Variant

DAY = 24 * 3600


def start_batch(
    endpoint: Endpoint,
    data: DatasetVersion,
    *,
    variant: str | None = None,
    id_column: str = "",
    exact: bool = True,
    save_as: str = "",
    by: Actor,
) -> Batch:
    """Scores every row of `data` in the background by one variant, the one with most traffic when none is named.

    `id_column` names rows in the list of those without an answer. `save_as`: the result also becomes the newest
    version of the dataset of that name. `exact`: see `serving.table_scoring`.
    """
    by.require(Role.EDITOR)
    chosen = _variant(endpoint, variant)
    _check_columns(chosen, data, id_column)
    name = clean_name(save_as) if save_as else ""
    with transaction.atomic():
        batch = Batch.objects.create(
            endpoint=endpoint, version=chosen.version, dataset_version=data, id_column=id_column,
            exact=exact, save_as=name, n_rows=data.n_rows, created_by=by.user,
        )  # fmt: skip
        batch.job = enqueue(
            "serving.predict_batch",
            args={"batch_id": batch.pk},
            team=endpoint.team,
            title=f"{endpoint.name}: {data}",
            timeout_seconds=DAY,
            n_cells=data.n_rows * max(1, len(chosen.version.served_signature.get("inputs", ()))),
            by=by,
        )
        batch.save(update_fields=["job"])
        record(by, "endpoint.predict_batch", endpoint, data=str(data), version=str(chosen.version))
    return batch


def keep_result(batch: Batch, path: Path, found: dict[str, Any], *, by: Actor) -> Batch:
    """Stores the result with its figures, and as a dataset's version where that was asked for."""
    with store.saving(batch.endpoint.team, path, content_type="application/vnd.apache.parquet") as stored:
        batch.result, batch.finished_at = stored, timezone.now()
        for name, value in found.items():
            setattr(batch, name, value)
        batch.save(update_fields=["result", "finished_at", *found])
    if batch.save_as:
        dataset = Dataset.objects.filter(team=batch.endpoint.team, name=batch.save_as).first()
        dataset = dataset or create_dataset(
            batch.save_as, description=f"Predictions of {batch.endpoint.name}.", by=by
        )
        batch.result_version = add_version(dataset, path, filename="predictions.parquet", by=by)
        batch.save(update_fields=["result_version"])
    return batch


def _variant(endpoint: Endpoint, name: str | None) -> Variant:
    rows = list(endpoint.variants.select_related("version__model"))
    if name:
        rows = [row for row in rows if row.name == name]
    if not rows:
        raise Invalid(f"“{endpoint.name}” has no variant “{(name or '')[:60]}”.", field="variant")
    return max(rows, key=lambda row: row.weight)


def _check_columns(variant: Variant, data: DatasetVersion, id_column: str) -> None:
    if data.dataset.team_id != variant.version.model.team_id:
        raise Invalid("The data belongs to another team.", field="dataset")
    known = {column["name"] for column in data.columns}
    missing = [field["name"] for field in variant.version.served_signature.get("inputs", ())]
    missing = [name for name in missing if name not in known]
    if missing:
        shown = ", ".join(f"“{name}”" for name in missing[:10])
        raise Invalid(f"{data} lacks the column{'s'[: len(missing) != 1]} {shown}.", field="dataset")
    if id_column and id_column not in known:
        raise Invalid(f"{data} has no column “{id_column[:100]}”.", field="id_column")
    if not variant.version.files.exists():
        raise Conflict(f"{variant.version} has no file to serve from.", field="variant")
