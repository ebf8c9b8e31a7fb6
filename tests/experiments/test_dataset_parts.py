"""Versions that share their parts: appended rows, digests, compaction, differences."""

import io
import json
from pathlib import Path

import pytest

from experiments.actions import dataset_versions
from experiments.actions import datasets as actions
from experiments.models import Dataset, DatasetPart, DatasetVersion
from experiments.queries import datasets as queries
from mlregistry.accounts.actor import Actor
from mlregistry.artifacts.models import StoredFile
from mlregistry.errors import Invalid
from mlregistry.ml import tables

from .conftest import churn_csv

pytestmark = pytest.mark.django_db


@pytest.fixture
def dataset(editor: Actor) -> Dataset:
    return actions.create_dataset("Customers", by=editor)


def add(dataset: Dataset, by: Actor, body: bytes, *, append: bool = False) -> DatasetVersion:
    return actions.add_version(dataset, io.BytesIO(body), filename="t.csv", append=append, by=by)


def test_appended_rows_share_the_parts_that_are_there(dataset: Dataset, editor: Actor) -> None:
    first = add(dataset, editor, churn_csv(5000))
    before = sum(StoredFile.objects.values_list("size", flat=True))
    second = add(dataset, editor, churn_csv(50), append=True)
    after = sum(StoredFile.objects.values_list("size", flat=True))
    assert (second.number, second.n_rows) == (2, 5050)
    assert second.parts.get(place=0).file_id == first.parts.get().file_id
    assert after - before < 0.2 * before  # a small file has a footer of its own
    assert second.diff == {
        "since": 1, "rows_added": 50, "rows_removed": 0,
        "columns_added": [], "columns_removed": [], "columns_changed": [],
    }  # fmt: skip
    with queries.local_paths(second) as paths:
        frame = tables.load(paths)
    assert frame["age"].tolist() == [20 + i % 50 for i in [*range(5000), *range(50)]]
    assert queries.preview(second, offset=5000, limit=1)[0]["age"] == 20
    assert queries.table_info(second).columns[0].n_distinct == 50


def test_the_same_bytes_appended_again_store_nothing(dataset: Dataset, editor: Actor) -> None:
    add(dataset, editor, churn_csv(100))
    second = add(dataset, editor, churn_csv(10), append=True)
    n_files = StoredFile.objects.count()
    assert add(dataset, editor, churn_csv(10), append=True).pk == second.pk
    assert StoredFile.objects.count() == n_files
    assert DatasetVersion.objects.count() == 2


def test_the_digest_of_several_parts_is_that_of_their_manifest(dataset: Dataset, editor: Actor) -> None:
    first = add(dataset, editor, churn_csv(100))
    assert first.original is not None
    assert first.digest == first.original.sha256
    second = add(dataset, editor, churn_csv(10), append=True)
    parts = [dataset_versions.Part(p.file, p.n_rows) for p in second.parts.order_by("place")]
    assert second.digest == dataset_versions.manifest_digest(parts)


@pytest.mark.django_db(transaction=True)
def test_rows_that_do_not_fit_leave_nothing(dataset: Dataset, editor: Actor) -> None:
    add(dataset, editor, churn_csv(100))
    n_files = StoredFile.objects.count()
    with pytest.raises(Invalid, match="do not fit"):
        add(dataset, editor, b"age,plan\n1,basic\n", append=True)
    assert StoredFile.objects.count() == n_files
    assert DatasetPart.objects.count() == 1


def test_codes_that_look_like_numbers_join_a_column_of_text(dataset: Dataset, editor: Actor) -> None:
    add(dataset, editor, b"zip,n\n00123,1\n")
    second = add(dataset, editor, b"zip,n\n10115,2.5\n", append=True)
    assert queries.preview(second) == [{"zip": "00123", "n": 1.0}, {"zip": "10115", "n": 2.5}]
    assert second.diff is not None
    assert second.diff["columns_changed"] == [{"name": "n", "before": "integer", "after": "float"}]


def test_many_small_parts_become_one(
    dataset: Dataset, editor: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dataset_versions, "MOST_PARTS", 3)
    for n in range(5):
        version = add(dataset, editor, f"n\n{n}\n".encode(), append=True)
    assert [part.n_rows for part in version.parts.order_by("place")] == [4, 1]
    assert [row["n"] for row in queries.preview(version)] == [0, 1, 2, 3, 4]


def test_a_version_tells_how_it_differs_from_the_one_before(dataset: Dataset, editor: Actor) -> None:
    assert add(dataset, editor, b"a,b\n1,x\n2,y\n").diff is None
    diff = add(dataset, editor, b"a,c\n1,x\n3,y\n3,y\n").diff
    assert diff == {
        "since": 1, "rows_added": 2, "rows_removed": 1,
        "columns_added": ["c"], "columns_removed": ["b"], "columns_changed": [],
    }  # fmt: skip
    assert json.dumps(diff)


def test_a_download_is_the_whole_table(dataset: Dataset, editor: Actor, tmp_path: Path) -> None:
    add(dataset, editor, b"a,b\n1,=1+1\n")
    version = add(dataset, editor, b"a,b\n2,x\n", append=True)
    with queries.exported(version, format="csv") as file:
        assert file.read() == b"a,b\n1,'=1+1\n2,x\n"
    with queries.exported(version, format="parquet") as file:
        (tmp_path / "t.parquet").write_bytes(file.read())
    assert tables.preview(tmp_path / "t.parquet") == [{"a": 1, "b": "=1+1"}, {"a": 2, "b": "x"}]
