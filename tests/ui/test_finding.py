"""The search: what it finds of each kind, in which order, whose it is, what it refuses; in all its doors."""

from collections.abc import Callable

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django.fixtures import DjangoAssertNumQueries
from rest_framework.test import APIClient

from experiments.actions.experiments import create_experiment, delete_experiment
from experiments.actions.problems import create_problem
from experiments.actions.runs import create_run, delete_run
from experiments.models import Dataset
from mlregistry.accounts.actor import Actor
from mlregistry.accounts.models import User
from mlregistry.errors import Invalid
from mlregistry.ui.finding import MOST, find
from models_app.models import Alias, ModelVersion, RegisteredModel
from serving.models import Endpoint
from tests.experiments.conftest import editor, owner, stranger, viewer

__all__ = ["editor", "owner", "stranger", "viewer"]
pytestmark = pytest.mark.django_db


def found(by: Actor, text: str) -> list[tuple[str, str]]:
    return [(one.kind, one.title) for one in find(by, text)]


@pytest.fixture
def world(editor: Actor) -> Actor:
    """One of each kind, all with “churn” in their names."""
    problem = create_problem("Churn of customers", kind="classification", target="y", by=editor)
    Dataset.objects.create(team=editor.team, name="churn table")
    experiment = create_experiment("churn sweep", problem=problem, by=editor)
    create_run(experiment, name="churn_forest-3", by=editor)
    model = RegisteredModel.objects.create(team=editor.team, name="churn", last_number=3)
    version = ModelVersion.objects.create(model=model, number=3)
    Alias.objects.create(model=model, name="champion", version=version)
    Endpoint.objects.create(team=editor.team, name="churn-live", salt="s")
    return editor


def test_each_kind_is_found_and_the_very_name_comes_first(world: Actor) -> None:
    results = found(world, "churn")
    assert results[0] == ("model", "churn")
    assert {kind for kind, _ in results} >= {
        "problem", "dataset", "experiment", "run", "model", "version", "endpoint",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("churn v3", ("version", "churn v3")),
        ("churn champion", ("version", "churn v3")),
        ("FOREST churn", ("run", "churn_forest-3")),
        ("3 fore", ("run", "churn_forest-3")),
        ("bob", ("person", "bob")),
        ("new prob", ("action", "New problem")),
        ("webhook", ("page", "Channels")),
    ],
)
def test_words_are_found_in_any_order_by_their_beginnings(
    world: Actor, text: str, wanted: tuple[str, str]
) -> None:
    assert wanted in found(world, text)


def test_a_run_is_found_by_the_beginning_of_its_id_with_or_without_hyphens(editor: Actor) -> None:
    run = create_run(create_experiment("e", by=editor), name="nameless", by=editor)
    for text in (run.pk.hex[:14], str(run.pk)[:18], str(run.pk).upper()):
        assert ("run", "nameless") in found(editor, text)
    assert found(editor, "ffffffff") == []


def test_deleted_things_are_not_found(editor: Actor) -> None:
    experiment = create_experiment("old sweep", by=editor)
    run = create_run(experiment, name="old run", by=editor)
    delete_run(run, by=editor)
    assert found(editor, "old") == [("experiment", "old sweep")]
    delete_experiment(experiment, by=editor)
    assert found(editor, "old") == []


def test_nothing_of_another_team_is_found(world: Actor, stranger: Actor) -> None:
    run = create_run(create_experiment("x", by=world), name="churn secret", by=world)
    for text in ("churn", run.pk.hex, "bob"):
        assert found(stranger, text) == []


def test_an_empty_search_shows_the_newest_things_and_what_can_be_done(world: Actor) -> None:
    results = find(world, "  ")
    dated = [one.at for one in results if one.at is not None]
    assert dated == sorted(dated, reverse=True)
    assert dated[0] <= timezone.now()
    assert ("action", "New problem") in found(world, "")


def test_a_viewer_is_offered_nothing_that_takes_more(viewer: Actor) -> None:
    assert ("action", "New problem") not in found(viewer, "new problem")
    assert ("action", "New problem") not in found(viewer, "")


@pytest.mark.parametrize(
    "text", ["'; DROP TABLE x; --", "a & | ! ( : *", "\\", "%", "_", "\0", "' :* <->", "é ß 漢字", "-" * 200]
)
def test_no_text_breaks_it(world: Actor, text: str) -> None:
    find(world, text)


def test_a_long_text_is_refused_in_words(editor: Actor) -> None:
    with pytest.raises(Invalid, match="at most 200 characters"):
        find(editor, "x" * 201)


def test_it_asks_the_same_number_of_statements_however_much_there_is(
    world: Actor, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    experiment = create_experiment("more churn", by=world)
    for n in range(60):
        create_run(experiment, name=f"churn {n}", by=world)
    with django_assert_num_queries(10):
        results = find(world, "churn")
    assert len(results) <= MOST


def test_the_api_answers_with_links_and_refuses_a_long_text(
    world: Actor, vera: User, api: Callable[..., APIClient]
) -> None:
    first = api(vera).get("/api/v1/find?q=churn").json()["results"][0]
    assert (first["kind"], first["title"], first["link"]) == ("model", "churn", "/models/churn/")
    inside = api(vera).get("/t/lab/api/v1/find?q=churn").json()["results"][0]
    assert inside["link"] == "/t/lab/models/churn/"
    refused = api(vera).get("/api/v1/find?q=" + "x" * 201)
    assert (refused.status_code, refused.json()["field"]) == (400, "q")


def test_the_page_finds_without_the_dialog(world: Actor, vera: User, web: Callable[[User], Client]) -> None:
    page = web(vera).get("/find?q=churn").content.decode()
    assert 'href="/models/churn/"' in page
    nothing = web(vera).get("/find?q=<b>nowhere").content.decode()
    assert "Nothing is called “&lt;b&gt;nowhere”" in nothing
    assert web(vera).get("/find?q=" + "x" * 201).status_code == 400
