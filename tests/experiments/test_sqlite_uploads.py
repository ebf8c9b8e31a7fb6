"""SQLite files through the doors: which table, and the same file with another choice is another version."""

import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from experiments.actions import datasets as actions
from experiments.models import Dataset
from mlregistry.accounts.actor import Actor
from mlregistry.accounts.models import User
from mlregistry.ml.reading import Reading

pytestmark = pytest.mark.django_db


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    file = tmp_path / "shop.db"
    with sqlite3.connect(file) as database:
        database.execute("CREATE TABLE orders (id INTEGER, price REAL)")
        database.execute("INSERT INTO orders VALUES (1, 1.5), (2, 2.5)")
        database.execute("CREATE TABLE older AS SELECT 0 AS id, 0.5 AS price")
        database.execute("CREATE TABLE places (name TEXT)")
        database.execute("INSERT INTO places VALUES ('here')")
    database.close()
    return file


def test_the_page_names_the_tables_and_takes_one(
    web: Callable[[User], Client], bob: User, shop: Path
) -> None:
    client = web(bob)

    def upload(**fields: str) -> Any:
        file = SimpleUploadedFile("shop.db", shop.read_bytes())
        return client.post("/datasets/new", {"name": "Shop", "file": file, **fields})

    refused = upload()
    assert refused.status_code == 400
    assert "choose one under “Sheet or table”" in refused.content.decode()
    assert '<details class="more" open>' in refused.content.decode()
    assert not Dataset.objects.exists()
    assert upload(sheet="orders").status_code == 302
    version = Dataset.objects.get().versions.get()
    assert (version.n_rows, version.filename, version.format) == (2, "shop.db [orders]", "sqlite")


def test_the_api_takes_a_table_or_a_query(
    web: Callable[[User], Client], bob: User, editor: Actor, shop: Path
) -> None:
    dataset = actions.create_dataset("Shop", by=editor)
    client = web(bob)

    def upload(query: str) -> Any:
        return client.post(
            f"/api/v1/datasets/{dataset.pk}/versions/?{query}",
            shop.read_bytes(),
            content_type="application/octet-stream",
            headers={"X-Filename": "shop.db"},
        )

    assert upload("sheet=places").json()["n_rows"] == 1
    assert upload("query=SELECT id FROM orders WHERE price > 2").json()["n_columns"] == 1
    answer = upload("query=DELETE FROM orders")
    assert answer.status_code == 400
    assert "one SELECT" in answer.json()["detail"]


def test_another_choice_is_another_version_and_the_same_one_is_none(editor: Actor, shop: Path) -> None:
    dataset = actions.create_dataset("Shop", by=editor)

    def add(sheet: str, *, append: bool = False) -> Any:
        return actions.add_version(
            dataset, shop, filename="shop.db", append=append, reading=Reading(sheet=sheet), by=editor
        )

    assert [add("places").number, add("orders").number, add("places").number] == [1, 2, 1]
    assert [add("older", append=True).n_rows, add("older", append=True).n_rows] == [3, 3]
