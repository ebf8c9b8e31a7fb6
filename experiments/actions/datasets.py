"""Create, change and delete datasets; add immutable versions. Called by every door."""

from dataclasses import replace
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet

from experiments.models import Dataset, DatasetPart, DatasetVersion, Problem, Run
from experiments.queries import datasets as queries
from experiments.queries.sources import schedule_name
from mlregistry.accounts import audit
from mlregistry.accounts.actor import Actor
from mlregistry.accounts.models import Role
from mlregistry.artifacts import store
from mlregistry.artifacts.models import StoredFile
from mlregistry.artifacts.paths import basename
from mlregistry.errors import Conflict, Invalid
from mlregistry.jobs import schedule
from mlregistry.lib.names import clean_name, clean_text
from mlregistry.ml import tables
from mlregistry.ml.reading import Reading

from .conflicts import unique
from .dataset_versions import (
    Rows,
    append_rows,
    digest_of,
    kept_on_success,
    limits,
    named,
    replace_rows,
    working_folder,
)
from .profiles import profile_files

AS_FOUND = Reading()


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
        parts = StoredFile.objects.filter(
            pk__in=DatasetPart.objects.filter(version__dataset=locked).values("file")
        )
        originals = StoredFile.objects.filter(pk__in=_versions(locked).values("original"))
        files = [*parts.union(originals), *profile_files(locked)]
        audit.record(by, "dataset.delete", dataset)
        for source in locked.sources.all():
            schedule.drop(schedule_name(source))
        locked.delete()
        for file in files:
            store.discard(file)


def add_version(
    dataset: Dataset,
    source: store.Readable | Path,
    *,
    filename: str,
    append: bool = False,
    reading: Reading = AS_FOUND,
    by: Actor,
) -> DatasetVersion:
    """Check and store a table, or nothing; the same bytes again are the version that is there.

    With `append` the rows come behind those of the newest version, whose parts are shared.
    """
    by.require(Role.EDITOR)
    name, choice = basename(filename), reading.choice()
    with kept_on_success() as kept, working_folder() as folder:
        original = store.save(dataset.team, source, limit=settings.UPLOAD_LIMIT_BYTES)
        kept.append(original)
        known = _same(dataset, original, named(name, choice), choice, append=append)
        if known is not None:
            return known
        rows = _converted(dataset, original, name, folder, reading, append=append)
        make = append_rows if append else replace_rows
        return make(dataset, rows, by=by)


def _converted(
    dataset: Dataset, original: StoredFile, name: str, folder: Path, reading: Reading, *, append: bool
) -> Rows:
    """The table as checked Parquet; what joins a column of text stays text."""
    if original.size == 0:
        raise Invalid("The file is empty.", field="file")
    newest = queries.newest(dataset) if append else None
    if newest is not None:
        texts = frozenset(column["name"] for column in newest.columns if column["type"] == "string")
        reading = replace(reading, keep_text=texts)
    with store.local_path(original) as path:
        info = tables.convert(path, name, folder / "table.parquet", limits=limits(), reading=reading)
    choice = reading.choice()
    return Rows(folder / "table.parquet", info, named(name, choice), original, choice)


def _same(
    dataset: Dataset, original: StoredFile, name: str, choice: str, *, append: bool
) -> DatasetVersion | None:
    """The version that the same choice of these bytes made; for an append, the newest when that was its last."""
    if append:
        newest = queries.newest(dataset)
        last = newest is not None and (newest.original_id, newest.filename) == (original.pk, name)
        return newest if last else None
    return _versions(dataset).filter(digest=digest_of(original, choice)).first()


def _versions(dataset: Dataset) -> QuerySet[DatasetVersion]:
    return DatasetVersion.objects.filter(dataset=dataset).select_related("dataset", "original")


def _own(problem: Problem | None, by: Actor) -> Problem | None:
    if problem is not None and problem.team_id != by.team.pk:
        raise Invalid(f"There is no such problem in {by.team.name}.", field="problem")
    return problem
