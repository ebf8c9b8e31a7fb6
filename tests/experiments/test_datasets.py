"""Datasets: versions without gaps, the same bytes once, nothing half written."""

import io
import threading
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.files.storage import storages
from django.db import connection

from experiments.actions import datasets as actions
from experiments.actions import problems as problem_actions
from experiments.actions import runs as run_actions
from experiments.models import Dataset, DatasetVersion, Experiment, Problem
from experiments.queries import datasets as queries
from mlregistry.accounts import audit
from mlregistry.accounts.actor import Actor
from mlregistry.accounts.models import AuditEvent
from mlregistry.artifacts.models import StoredFile
from mlregistry.errors import Conflict, Forbidden, Invalid, TooLarge

from .conftest import churn_csv

pytestmark = pytest.mark.django_db


@pytest.fixture
def dataset(editor: Actor) -> Dataset:
    return actions.create_dataset("Customers", by=editor)


def add(dataset: Dataset, by: Actor, body: bytes, filename: str = "customers.csv") -> DatasetVersion:
    return actions.add_version(dataset, io.BytesIO(body), filename=filename, by=by)


def left_over() -> list[Path]:
    root = Path(storages["artifacts"].path(""))
    return [
        path
        for folder in (root, Path(settings.FILE_UPLOAD_TEMP_DIR))
        for path in folder.rglob("*")
        if path.is_file()
    ]


def test_a_version_holds_schema_digest_and_files(version: DatasetVersion) -> None:
    assert (version.number, version.n_rows, version.n_columns, version.format) == (1, 120, 4, "csv")
    assert [column["type"] for column in version.columns] == ["integer", "string", "float", "string"]
    assert version.original is not None
    assert version.digest == version.original.sha256
    assert queries.preview(version, offset=1, limit=1) == [
        {"age": 21, "plan": "plus", "usage": 7.5, "churned": "no"}
    ]
    assert AuditEvent.objects.filter(action="dataset.add_version").count() == 1


def test_the_same_bytes_again_are_the_version_that_is_there(dataset: Dataset, editor: Actor) -> None:
    first = add(dataset, editor, churn_csv())
    assert add(dataset, editor, churn_csv(), "other.csv").pk == first.pk
    assert add(dataset, editor, churn_csv(60)).number == 2


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("body", "filename"),
    [
        (b"", "empty.csv"),
        (b"a,b\n1,2\n3\n", "ragged.csv"),
        (b"a,a\n1,2\n", "doubled.csv"),
        (b"a,b\n\xff\xfe\xfa,2\n", "encoding.csv"),
        (b"PK\x03\x04 not a workbook", "book.xlsx"),
        (b"\x89PNG\r\n\x1a\n0000", "picture.csv"),
        (b"a,b\n", "headeronly.csv"),
    ],
)
def test_a_refused_file_leaves_no_row_and_no_file(
    dataset: Dataset, editor: Actor, body: bytes, filename: str
) -> None:
    before = left_over()
    with pytest.raises(Invalid):
        add(dataset, editor, body, filename)
    dataset.refresh_from_db()
    assert dataset.last_number == 0
    assert not DatasetVersion.objects.exists()
    assert not StoredFile.objects.exists()
    assert left_over() == before


@pytest.mark.django_db(transaction=True)
def test_a_failure_at_the_very_end_leaves_nothing_either(
    dataset: Dataset, editor: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*args: Any, **kwargs: Any) -> None:
        raise RuntimeError("database gone")

    before = left_over()
    monkeypatch.setattr(audit, "record", fail)
    with pytest.raises(RuntimeError):
        add(dataset, editor, churn_csv())
    dataset.refresh_from_db()
    assert dataset.last_number == 0
    assert not StoredFile.objects.exists()
    assert left_over() == before


def test_an_upload_over_the_limit_is_refused(dataset: Dataset, editor: Actor, settings: Any) -> None:
    settings.UPLOAD_LIMIT_BYTES = 100
    with pytest.raises(TooLarge):
        add(dataset, editor, churn_csv())
    assert not StoredFile.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_uploads_at_once_get_numbers_without_gaps(dataset: Dataset, editor: Actor) -> None:
    failures: list[BaseException] = []

    def upload(n: int) -> None:
        try:
            add(dataset, editor, churn_csv(40 + n))
        except BaseException as error:
            failures.append(error)
        finally:
            connection.close()

    # Three different tables, one of them twice.
    threads = [threading.Thread(target=upload, args=(n,)) for n in (1, 2, 3, 3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert sorted(DatasetVersion.objects.values_list("number", flat=True)) == [1, 2, 3]


def test_names_are_unique_in_a_team_and_free_in_another(
    dataset: Dataset, editor: Actor, stranger: Actor
) -> None:
    with pytest.raises(Conflict) as caught:
        actions.create_dataset("Customers", by=editor)
    assert caught.value.field == "name"
    assert actions.create_dataset("Customers", by=stranger).pk != dataset.pk


def test_a_viewer_changes_nothing(dataset: Dataset, viewer: Actor) -> None:
    with pytest.raises(Forbidden):
        actions.create_dataset("x", by=viewer)
    with pytest.raises(Forbidden):
        add(dataset, viewer, churn_csv())
    with pytest.raises(Forbidden):
        actions.update_dataset(dataset, name="y", by=viewer)
    with pytest.raises(Forbidden):
        actions.delete_dataset(dataset, by=viewer)


def test_a_problem_of_another_team_is_refused(editor: Actor, stranger: Actor) -> None:
    foreign = problem_actions.create_problem("P", kind="regression", target="y", by=stranger)
    with pytest.raises(Invalid) as caught:
        actions.create_dataset("x", problem=foreign, by=editor)
    assert caught.value.field == "problem"


@pytest.mark.django_db(transaction=True)
def test_deleting_takes_versions_and_files_but_never_what_runs_used(
    version: DatasetVersion, experiment: Experiment, editor: Actor
) -> None:
    run = run_actions.create_run(experiment, dataset_version=version, by=editor)
    with pytest.raises(Conflict):
        actions.delete_dataset(version.dataset, by=editor)
    run.delete()
    actions.delete_dataset(version.dataset, by=editor)
    assert not Dataset.objects.exists()
    assert not StoredFile.objects.exists()


def test_the_fit_names_what_stands_against_training(
    version: DatasetVersion, problem: Problem, editor: Actor
) -> None:
    assert [finding for finding in queries.fit(problem, version) if finding.severity == "error"] == []
    other = problem_actions.create_problem("Other", kind="regression", target="churned", by=editor)
    finding = queries.fit(other, version)[0]
    assert (finding.severity, finding.column) == ("error", "churned")


@pytest.mark.parametrize(
    ("offset", "limit", "field"), [(-1, 5, "offset"), (0, 0, "limit"), (0, 1001, "limit")]
)
def test_a_preview_out_of_range_is_refused(
    version: DatasetVersion, offset: int, limit: int, field: str
) -> None:
    with pytest.raises(Invalid) as caught:
        queries.preview(version, offset=offset, limit=limit)
    assert caught.value.field == field
