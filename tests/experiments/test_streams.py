"""Rows sent in batches: each key once, versions by time or count, all or nothing."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from pytest_django import Settings

from experiments.actions import datasets as dataset_actions
from experiments.actions import streams as actions
from experiments.models import Dataset, StagedRow
from experiments.queries import datasets as queries
from mlregistry.accounts.actor import Actor
from mlregistry.accounts.models import User
from mlregistry.errors import Forbidden, Invalid
from mlregistry.jobs.inline import run_here
from mlregistry.jobs.models import Job

pytestmark = pytest.mark.django_db


@pytest.fixture
def dataset(editor: Actor) -> Dataset:
    return dataset_actions.create_dataset("Sensors", by=editor)


def batch(first: int, n: int, **values: Any) -> list[dict[str, Any]]:
    return [
        {
            "key": f"s-{i}",
            "event_at": f"2024-01-01T00:{i // 60:02}:{i % 60:02}Z",
            "values": values or {"t": i / 2, "place": "a"},
        }
        for i in range(first, first + n)
    ]


def test_rows_become_a_version_in_the_order_of_their_times(dataset: Dataset, editor: Actor) -> None:
    assert actions.append(dataset, batch(2, 3), by=editor) == 3
    assert actions.append(dataset, batch(0, 4), by=editor) == 2
    version = actions.roll(dataset, by=editor)
    assert version is not None
    assert [column["type"] for column in version.columns] == ["string", "datetime", "float", "string"]
    assert [row["key"] for row in queries.preview(version)] == [f"s-{i}" for i in range(5)]
    assert actions.roll(dataset, by=editor) is None


def test_a_key_counts_once_even_after_it_became_a_version(dataset: Dataset, editor: Actor) -> None:
    actions.append(dataset, batch(0, 3), by=editor)
    actions.roll(dataset, by=editor)
    assert actions.append(dataset, batch(0, 4), by=editor) == 1
    version = actions.roll(dataset, by=editor)
    assert version is not None
    assert (version.n_rows, version.parts.count()) == (4, 2)
    assert not StagedRow.objects.filter(row__isnull=False).exists()


def test_a_value_that_is_left_out_is_missing(dataset: Dataset, editor: Actor) -> None:
    actions.append(dataset, batch(0, 2), by=editor)
    actions.roll(dataset, by=editor)
    actions.append(dataset, batch(2, 1, t=1), by=editor)
    version = actions.roll(dataset, by=editor)
    assert version is not None
    assert queries.preview(version, offset=2)[0] == {
        "key": "s-2",
        "event_at": "2024-01-01T00:00:02",
        "t": 1.0,
        "place": None,
    }


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ({}, "key, event_at and values"),
        ({"key": "", "event_at": "2024-01-01", "values": {"t": 1}}, "needs a key"),
        ({"key": "k", "event_at": "soon", "values": {"t": 1}}, "needs event_at"),
        ({"key": "k", "event_at": "2024-13-45T99:00Z", "values": {"t": 1}}, "needs event_at"),
        ({"key": "k", "event_at": "2024-01-01T00:00:00Z", "values": {}}, "between 1 and 1,000 values"),
        ({"key": "k", "event_at": "2024-01-01T00:00:00Z", "values": {"t": [1]}}, "plain value"),
        ({"key": "k", "event_at": "2024-01-01T00:00:00Z", "values": {"t": float("inf")}}, "finite"),
        ({"key": "k", "event_at": "2024-01-01T00:00:00Z", "values": {"t": "hot"}}, "'t' holds float values"),
        ({"key": "k", "event_at": "2024-01-01T00:00:00Z", "values": {"u": 1}}, "no column 'u'"),
    ],
)
def test_a_row_that_cannot_be_kept_is_named_and_none_is_kept(
    dataset: Dataset, editor: Actor, row: dict[str, Any], words: str
) -> None:
    actions.append(dataset, batch(0, 2), by=editor)
    actions.roll(dataset, by=editor)
    with pytest.raises(Invalid, match="Row 2") as caught:
        actions.append(dataset, [*batch(5, 1), row], by=editor)
    assert words in caught.value.message
    assert StagedRow.objects.count() == 2


def test_numbers_of_any_length_keep_their_digits(dataset: Dataset, editor: Actor) -> None:
    actions.append(dataset, batch(0, 1, id=2**63 - 1) + batch(1, 1, id=2**70 + 1), by=editor)
    assert [row.row["id"] for row in StagedRow.objects.order_by("key") if row.row] == [2**63 - 1, 2**70 + 1]


def test_rows_of_a_deleted_dataset_are_not_kept(dataset: Dataset, editor: Actor) -> None:
    actions.append(dataset, batch(0, 2), by=editor)
    Dataset.objects.filter(pk=dataset.pk).delete()
    assert not StagedRow.objects.exists()
    assert actions.append(dataset, batch(2, 2), by=editor) == 0
    assert not StagedRow.objects.exists()


def test_versions_come_by_count_and_by_time(dataset: Dataset, editor: Actor, settings: Settings) -> None:
    settings.ROLL_ROWS = 5
    actions.append(dataset, batch(0, 4), by=editor)
    assert actions.roll_due() == 0
    actions.append(dataset, batch(4, 1), by=editor)
    assert actions.roll_due() == 1
    assert actions.roll_due() == 0  # its job is under way
    assert run_here(Job.objects.get()).result == {"versions": [1]}
    actions.append(dataset, batch(9, 1), by=editor)
    StagedRow.objects.filter(key="s-9").update(received_at=timezone.now() - timedelta(days=1))
    assert actions.roll_due() == 1


def test_old_keys_are_forgotten(dataset: Dataset, editor: Actor) -> None:
    actions.append(dataset, batch(0, 1), by=editor)
    actions.roll(dataset, by=editor)
    StagedRow.objects.update(rolled_at=timezone.now() - timedelta(days=8))
    actions.roll_due()
    assert not StagedRow.objects.exists()


def test_the_door_takes_batches(dataset: Dataset, bob: User, vera: User, api: Any, viewer: Actor) -> None:
    address = f"/api/v1/datasets/{dataset.pk}/rows"
    answer = api(bob).post(address, {"rows": batch(0, 100)}, format="json")
    assert (answer.status_code, answer.json()) == (202, {"n_rows": 100, "n_new": 100})
    assert api(bob).post(address, {"rows": batch(0, 100)}, format="json").json()["n_new"] == 0
    assert api(bob).post(address, {"rows": 5}, format="json").status_code == 400
    assert api(bob).post(address, {"rows": batch(0, 10_001)}, format="json").status_code == 400
    assert api(vera).post(address, {"rows": batch(0, 1)}, format="json").status_code == 403
    assert api(bob).post(f"{address}/roll").status_code == 202
    with pytest.raises(Forbidden):
        actions.append(dataset, batch(0, 1), by=viewer)
