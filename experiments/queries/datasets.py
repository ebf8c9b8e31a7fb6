"""Reads of dataset versions: schema, rows, fitness for a problem. Called by doors, actions and workers."""

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO, Any

from django.conf import settings
from django.db.models import QuerySet

from experiments.models import Dataset, DatasetVersion, Problem
from mlregistry.artifacts import store
from mlregistry.artifacts.models import StoredFile
from mlregistry.errors import Invalid
from mlregistry.ml import problems as ml_problems
from mlregistry.ml import table_export, tables
from mlregistry.ml.findings import Finding
from mlregistry.ml.table_info import Column, TableInfo

from .problems import spec_of

MOST_ROWS = 1000


def table_info(version: DatasetVersion) -> TableInfo:
    """The schema and figures read at upload."""
    return TableInfo(
        format=version.format,
        n_rows=version.n_rows,
        n_columns=version.n_columns,
        columns=tuple(Column.from_json(column) for column in version.columns),
        notes=tuple(version.notes),
    )


def column_names(datasets: QuerySet[Dataset]) -> set[str]:
    """Of the newest version of each."""
    rows = DatasetVersion.objects.filter(dataset__in=datasets.values("pk"))
    newest = rows.order_by("dataset", "-number").distinct("dataset")
    return {column["name"] for columns in newest.values_list("columns", flat=True) for column in columns}


def newest(dataset: Dataset) -> DatasetVersion | None:
    """The version with the highest number."""
    return DatasetVersion.objects.filter(dataset=dataset).order_by("-number").first()


@contextmanager
def local_paths(version: DatasetVersion) -> Iterator[list[Path]]:
    """Where the parts of the version can be read, in order; what `tables.load` and the like take."""
    parts = version.parts.order_by("place").select_related("file")
    with paths_of([part.file for part in parts]) as paths:
        yield paths


@contextmanager
def paths_of(files: Sequence[StoredFile]) -> Iterator[list[Path]]:
    """Where these files can be read."""
    with ExitStack() as stack:
        yield [stack.enter_context(store.local_path(file)) for file in files]


def preview(version: DatasetVersion, *, offset: int = 0, limit: int = 50) -> list[dict[str, Any]]:
    """At most 1,000 rows from `offset` on."""
    if offset < 0:
        raise Invalid("The offset is 0 or more.", field="offset")
    if not 1 <= limit <= MOST_ROWS:
        raise Invalid(f"The limit lies between 1 and {MOST_ROWS:,}.", field="limit")
    with local_paths(version) as paths:
        return tables.preview(paths, offset=offset, limit=limit)


def exported(version: DatasetVersion, *, format: str) -> IO[bytes]:
    """The whole table as one open file, which is gone from the disk once it is closed."""
    with (
        tempfile.TemporaryDirectory(prefix="export-", dir=settings.FILE_UPLOAD_TEMP_DIR) as folder,
        local_paths(version) as paths,
    ):
        target = Path(folder) / "table"
        table_export.write(paths, table_info(version).columns, target, format=format)
        return target.open("rb")


def fit(problem: Problem, version: DatasetVersion) -> list[Finding]:
    """What stands against training this problem on this table, errors first; empty when all is well."""
    with local_paths(version) as paths:
        return ml_problems.check(spec_of(problem), table_info(version), paths)


def newest_versions(datasets: QuerySet[Dataset], problem: Problem) -> list[DatasetVersion]:
    """The newest five versions of each dataset, the problem's own first."""
    found = []
    for dataset in datasets.prefetch_related("versions").order_by("name"):
        for version in sorted(dataset.versions.all(), key=lambda row: -row.number)[:5]:
            version.dataset = dataset
            found.append(version)
    return sorted(found, key=lambda row: row.dataset.problem_id != problem.pk)
