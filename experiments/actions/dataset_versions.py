"""How versions come to be: a manifest of parts, numbered without gaps. Called by other actions.

Whatever is stored on the way goes away again when the version does not come about.
"""

import hashlib
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import transaction

from experiments.models import Dataset, DatasetPart, DatasetVersion
from experiments.queries import datasets as queries
from mlregistry.accounts import audit
from mlregistry.accounts.actor import Actor
from mlregistry.artifacts import store
from mlregistry.artifacts.models import StoredFile
from mlregistry.errors import Conflict
from mlregistry.ml import table_parts, tables
from mlregistry.ml.table_info import Limits, TableInfo

from . import contracts
from .profiles import start_profile

PARQUET_TYPE = "application/vnd.apache.parquet"
MOST_PARTS = 24
SMALL_BYTES = 64 * 1024 * 1024
MOST_TRIES = 5
LONGEST_NAME = 250


@dataclass(frozen=True)
class Rows:
    """A checked table on disk: what `tables.convert` made, named for people, the file it was made of if any, and which
    of that file's tables."""

    parquet: Path
    info: TableInfo
    name: str
    original: StoredFile | None = None
    choice: str = ""


@dataclass(frozen=True)
class Part:
    file: StoredFile
    n_rows: int


@dataclass(frozen=True)
class Draft:
    """A version before it has a number; `base` is the newest version it was made against."""

    name: str
    info: TableInfo
    parts: list[Part]
    original: StoredFile | None
    digest: str
    diff: dict[str, Any] | None
    base: int


def replace_rows(dataset: Dataset, rows: Rows, *, by: Actor) -> DatasetVersion:
    """A version of these rows alone; the one that is there when its content is the same."""
    with kept_on_success() as kept:
        file = store.save(dataset.team, rows.parquet, content_type=PARQUET_TYPE)
        kept.append(file)
        parts = [Part(file, rows.info.n_rows)]
        digest = digest_of(rows.original, rows.choice) if rows.original else manifest_digest(parts)
        newest = queries.newest(dataset)
        if newest is not None and newest.digest == digest:
            return newest
        diff = _difference(newest, rows) if newest else None
        draft = Draft(
            rows.name, rows.info, parts, rows.original, digest, diff, newest.number if newest else 0
        )
        version = _numbered(dataset, draft, by=by)
    if version is None:
        raise Conflict("The dataset got another version at the same time; try again.")
    return version


def append_rows(dataset: Dataset, rows: Rows, *, by: Actor) -> DatasetVersion:
    """A version with these rows behind those of the newest one, whose parts it shares."""
    for _ in range(MOST_TRIES):
        newest = queries.newest(dataset)
        if newest is None:
            return replace_rows(dataset, rows, by=by)
        with kept_on_success() as kept, working_folder() as folder:
            draft = _extended(dataset, newest, rows, folder, kept)
            version = _numbered(dataset, draft, moved_is_fine=False, by=by)
        if version is not None:
            return version
    raise Conflict("The dataset got new versions faster than these rows could be added; try again.")


def manifest_digest(parts: Sequence[Part]) -> str:
    """The SHA-256 of the parts' own digests and row counts, in order."""
    lines = "".join(f"{part.file.sha256} {part.n_rows}\n" for part in parts)
    return hashlib.sha256(lines.encode()).hexdigest()


def digest_of(original: StoredFile, choice: str) -> str:
    """The file's own digest; where one of its tables was chosen, that of the file's digest and the choice."""
    if not choice:
        return original.sha256
    return hashlib.sha256(f"{original.sha256} {choice}".encode()).hexdigest()


def named(filename: str, choice: str) -> str:
    """What a version is said to be made of."""
    return f"{filename} [{choice}]" if choice and len(filename) + len(choice) < LONGEST_NAME else filename


def limits() -> Limits:
    return Limits(max_bytes=settings.UPLOAD_LIMIT_BYTES)


@contextmanager
def working_folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="convert-", dir=settings.FILE_UPLOAD_TEMP_DIR) as folder:
        yield Path(folder)


@contextmanager
def kept_on_success() -> Iterator[list[StoredFile]]:
    """Files that go away again when the work fails, unless something refers to them."""
    files: list[StoredFile] = []
    try:
        yield files
    except BaseException:
        for file in files:
            store.discard(file)
        raise


def _extended(
    dataset: Dataset, newest: DatasetVersion, rows: Rows, folder: Path, kept: list[StoredFile]
) -> Draft:
    fitted = folder / "fitted.parquet"
    table_parts.fit_rows(rows.parquet, rows.info, queries.table_info(newest).columns, fitted, limits())
    file = store.save(dataset.team, fitted, content_type=PARQUET_TYPE)
    kept.append(file)
    before = [Part(part.file, part.n_rows) for part in newest.parts.order_by("place").select_related("file")]
    parts = _compacted(dataset, [*before, Part(file, rows.info.n_rows)], folder, kept)
    with queries.paths_of([part.file for part in parts]) as paths:
        info = tables.describe(paths, format=newest.format, notes=rows.info.notes, limits=limits())
    diff = {
        "since": newest.number,
        "rows_added": rows.info.n_rows,
        "rows_removed": 0,
        **_changed_types(queries.table_info(newest), info),
    }
    return Draft(rows.name, info, parts, rows.original, manifest_digest(parts), diff, newest.number)


def _compacted(dataset: Dataset, parts: list[Part], folder: Path, kept: list[StoredFile]) -> list[Part]:
    """The parts, the small ones at the end made one when there are many."""
    if len(parts) <= MOST_PARTS:
        return parts
    first = len(parts)
    while first and parts[first - 1].file.size < SMALL_BYTES:
        first -= 1
    if len(parts) - first < 2:
        return parts
    with queries.paths_of([part.file for part in parts[first:]]) as paths:
        n_rows = table_parts.merge(paths, folder / "merged.parquet", limits())
    file = store.save(dataset.team, folder / "merged.parquet", content_type=PARQUET_TYPE)
    kept.append(file)
    return [*parts[:first], Part(file, n_rows)]


def _changed_types(before: TableInfo, after: TableInfo) -> dict[str, Any]:
    changed = [
        {"name": new.name, "before": old.type, "after": new.type}
        for old, new in zip(before.columns, after.columns, strict=True)
        if old.type != new.type
    ]
    return {"columns_added": [], "columns_removed": [], "columns_changed": changed}


def _difference(newest: DatasetVersion, rows: Rows) -> dict[str, Any]:
    with queries.local_paths(newest) as before:
        found = table_parts.difference(
            before, queries.table_info(newest).columns, rows.parquet, rows.info.columns, limits()
        )
    return {"since": newest.number, **found}


def _numbered(
    dataset: Dataset, draft: Draft, *, moved_is_fine: bool = True, by: Actor
) -> DatasetVersion | None:
    """The row, with the next number under the dataset's lock; None when another version came between."""
    with transaction.atomic():
        locked = Dataset.objects.select_for_update().get(pk=dataset.pk)
        known = DatasetVersion.objects.filter(dataset=locked, digest=draft.digest).first()
        if known is not None:
            return known
        if locked.last_number != draft.base and not moved_is_fine:
            return None
        locked.last_number += 1
        locked.save(update_fields=["last_number"])
        version = _created(locked, draft, by)
        audit.record(by, "dataset.add_version", version, n_rows=version.n_rows, digest=version.digest)
        start_profile(version, by=by)
        contracts.arrived(version, by=by)
    dataset.last_number = locked.last_number
    return version


def _created(dataset: Dataset, draft: Draft, by: Actor) -> DatasetVersion:
    version = DatasetVersion.objects.create(
        dataset=dataset,
        number=dataset.last_number,
        digest=draft.digest,
        filename=draft.name,
        format=draft.info.format,
        n_rows=draft.info.n_rows,
        n_columns=draft.info.n_columns,
        columns=[column.to_json() for column in draft.info.columns],
        notes=list(draft.info.notes),
        original=draft.original,
        diff=draft.diff,
        created_by=by.user,
    )
    DatasetPart.objects.bulk_create(
        DatasetPart(version=version, place=place, file=part.file, n_rows=part.n_rows)
        for place, part in enumerate(draft.parts)
    )
    return version
