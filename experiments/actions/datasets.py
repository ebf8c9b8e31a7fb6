"""Create, change and delete datasets; add immutable versions. Called by every door."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet

from experiments.models import Dataset, DatasetVersion, Problem, Run
from mlregistry.accounts import audit
from mlregistry.accounts.actor import Actor
from mlregistry.accounts.models import Role
from mlregistry.artifacts import store
from mlregistry.artifacts.models import StoredFile
from mlregistry.artifacts.paths import basename
from mlregistry.errors import Conflict, Invalid
from mlregistry.lib.names import clean_name, clean_text
from mlregistry.ml import tables
from mlregistry.ml.table_info import Limits, TableInfo

from . import contracts
from .conflicts import unique
from .profiles import profile_files, start_profile

PARQUET_TYPE = "application/vnd.apache.parquet"


def create_dataset(name: str, *, description: str = "", problem: Problem | None = None, by: Actor) -> Dataset:
    """A named table without contents."""
    by.require(Role.EDITOR)
    dataset = Dataset(
        team=by.team,
        name=clean_name(name),
        description=clean_text(description, field="description"),
        problem=_own(problem, by),
        created_by=by.user,
    )
    with unique(f"There is a dataset named {dataset.name!r} already."):
        dataset.save()
        audit.record(by, "dataset.create", dataset)
    return dataset


def update_dataset(dataset: Dataset, *, by: Actor, **changes: Any) -> Dataset:
    """Change name, description or problem."""
    by.require(Role.EDITOR)
    if "name" in changes:
        dataset.name = clean_name(changes["name"])
    if "description" in changes:
        dataset.description = clean_text(changes["description"], field="description")
    if "problem" in changes:
        dataset.problem = _own(changes["problem"], by)
    with unique(f"There is a dataset named {dataset.name!r} already."):
        dataset.save(update_fields=["name", "description", "problem"])
        audit.record(by, "dataset.update", dataset, fields=sorted(changes))
    return dataset


def delete_dataset(dataset: Dataset, *, by: Actor) -> None:
    """Refused while runs were trained on one of its versions: their lineage leads here."""
    by.require(Role.EDITOR)
    with transaction.atomic():
        locked = Dataset.objects.select_for_update().get(pk=dataset.pk)
        n_runs = Run.objects.filter(dataset_version__dataset=locked).count()
        if n_runs:
            raise Conflict(f"{n_runs:,} runs were trained on this dataset, so it stays.")
        files = [file for version in _versions(locked) for file in (version.original, version.parquet)]
        files += profile_files(locked)
        audit.record(by, "dataset.delete", dataset)
        locked.delete()
        for file in files:
            store.discard(file)


def add_version(
    dataset: Dataset, source: store.Readable | Path, *, filename: str, by: Actor
) -> DatasetVersion:
    """Check and store a table, or nothing; the same bytes again are the version that is there."""
    by.require(Role.EDITOR)
    name = basename(filename)
    with _kept_on_success() as kept:
        original = store.save(dataset.team, source, limit=settings.UPLOAD_LIMIT_BYTES)
        kept.append(original)
        known = _same(dataset, original)
        if known is not None:
            return known
        info, parquet = _converted(original, name)
        kept.append(parquet)
        return _number(dataset, name, info, original, parquet, by=by)


@contextmanager
def _kept_on_success() -> Iterator[list[StoredFile]]:
    """Files that go away again when the work fails."""
    files: list[StoredFile] = []
    try:
        yield files
    except BaseException:
        for file in files:
            store.discard(file)
        raise


def _converted(original: StoredFile, name: str) -> tuple[TableInfo, StoredFile]:
    """The table as checked Parquet in the store."""
    if original.size == 0:
        raise Invalid("The file is empty.", field="file")
    limits = Limits(max_bytes=settings.UPLOAD_LIMIT_BYTES)
    with tempfile.TemporaryDirectory(prefix="convert-", dir=settings.FILE_UPLOAD_TEMP_DIR) as folder:
        target = Path(folder) / "table.parquet"
        with store.local_path(original) as path:
            info = tables.convert(path, name, target, limits=limits)
        return info, store.save(original.team, target, content_type=PARQUET_TYPE)


def _number(
    dataset: Dataset, name: str, info: TableInfo, original: StoredFile, parquet: StoredFile, *, by: Actor
) -> DatasetVersion:
    """The row, with the next number under the dataset's lock, so that numbers have no gaps."""
    with transaction.atomic():
        locked = Dataset.objects.select_for_update().get(pk=dataset.pk)
        known = _same(locked, original)
        if known is not None:
            return known
        locked.last_number += 1
        locked.save(update_fields=["last_number"])
        version = DatasetVersion.objects.create(
            dataset=locked,
            number=locked.last_number,
            digest=original.sha256,
            filename=name,
            format=info.format,
            n_rows=info.n_rows,
            n_columns=info.n_columns,
            columns=[column.to_json() for column in info.columns],
            notes=list(info.notes),
            original=original,
            parquet=parquet,
            created_by=by.user,
        )
        audit.record(by, "dataset.add_version", version, n_rows=info.n_rows, digest=version.digest)
        start_profile(version, by=by)
        contracts.arrived(version, by=by)
    dataset.last_number = locked.last_number
    return version


def _same(dataset: Dataset, original: StoredFile) -> DatasetVersion | None:
    return _versions(dataset).filter(digest=original.sha256).first()


def _versions(dataset: Dataset) -> QuerySet[DatasetVersion]:
    return DatasetVersion.objects.filter(dataset=dataset).select_related("dataset", "original", "parquet")


def _own(problem: Problem | None, by: Actor) -> Problem | None:
    if problem is not None and problem.team_id != by.team.pk:
        raise Invalid(f"There is no such problem in {by.team.name}.", field="problem")
    return problem
