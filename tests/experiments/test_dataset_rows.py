"""The rows of a version while its table is scrolled."""

import io
from collections.abc import Callable

import pytest
from django.test import Client

from experiments.actions import datasets
from experiments.models import Dataset, DatasetVersion
from mlregistry.accounts.actor import Actor
from mlregistry.accounts.models import User

Web = Callable[[User], Client]
pytestmark = pytest.mark.django_db


@pytest.fixture
def version(bob: User, actor_of: Callable[..., Actor]) -> DatasetVersion:
    by = actor_of(bob)
    made = Dataset.objects.create(team=by.team, name="numbers", created_by=bob)
    table = "n,word\n" + "".join(f"{n},<b>{n}</b>\n" for n in range(1200))
    return datasets.add_version(made, io.BytesIO(table.encode()), filename="numbers.csv", by=by)


def test_any_part_of_the_table_is_given_as_rows_with_their_numbers(
    version: DatasetVersion, vera: User, web: Web
) -> None:
    place = f"/datasets/{version.dataset_id}/versions/1/rows"
    answer = web(vera).get(place, {"offset": 1000, "limit": 3})
    text = answer.content.decode()
    assert text.count("<tr") == 3
    assert '<tr aria-rowindex="1002"><th scope="row" class="n">1,001</th><td class="n">1000</td>' in text
    assert "&lt;b&gt;1000&lt;/b&gt;" in text
    assert "immutable" in answer["Cache-Control"]
    assert web(vera).get(place, {"offset": 1198, "limit": 50}).content.decode().count("<tr") == 2
    assert web(vera).get(place, {"offset": 5000}).content == b""
    assert web(vera).get(place, {"limit": 100_000}).content.decode().count("<tr") == 500
    assert web(vera).get(place, {"offset": "many"}).status_code == 400


def test_another_team_sees_no_rows(version: DatasetVersion, charlie: User, web: Web) -> None:
    assert web(charlie).get(f"/datasets/{version.dataset_id}/versions/1/rows").status_code == 404


def test_the_page_has_the_first_rows_without_a_script(version: DatasetVersion, vera: User, web: Web) -> None:
    text = web(vera).get(f"/datasets/{version.dataset_id}/versions/1/", {"offset": 50}).content.decode()
    assert 'aria-rowcount="1201"' in text
    assert '<th scope="row" class="n">51</th>' in text
    assert "?offset=100" in text
