"""Recipes through actions, the REST API and pages: saved versions, previews, Python, training with them."""

import io
import json
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from rest_framework.test import APIClient

from experiments.actions import datasets as dataset_actions
from experiments.actions import problems as problem_actions
from experiments.actions import recipes as actions
from experiments.models import DatasetVersion, Problem, Recipe, RecipeVersion
from mlregistry.accounts.actor import Actor
from mlregistry.accounts.models import User
from mlregistry.errors import AlreadyExists, Forbidden, Invalid
from tests.ml.frames import classification_rows, mixed

pytestmark = pytest.mark.django_db
ActorOf = Callable[..., Actor]
Api = Callable[..., APIClient]
STEPS: list[dict[str, Any]] = [
    {"step": "drop_useless"}, {"step": "dates"}, {"step": "impute"}, {"step": "encode"},
]  # fmt: skip


@pytest.fixture
def churn(bob: User, actor_of: ActorOf) -> tuple[Problem, DatasetVersion]:
    by = actor_of(bob)
    problem = problem_actions.create_problem("Churn", kind="classification", target="churn", by=by)
    dataset = dataset_actions.create_dataset("Customers", problem=problem, by=by)
    table = io.BytesIO(classification_rows(mixed()).to_csv(index=False).encode())
    return problem, dataset_actions.add_version(dataset, table, filename="churn.csv", by=by)


def test_each_change_is_a_version_and_the_same_again_is_none(
    churn: tuple[Problem, DatasetVersion], bob: User, actor_of: ActorOf
) -> None:
    by = actor_of(bob)
    first = actions.create_recipe("Mine", problem=churn[0], steps=STEPS, note="first", by=by)
    assert (first.number, first.steps[2]["method"]) == (1, "median")
    assert actions.add_version(first.recipe, steps=STEPS, by=by) == first
    second = actions.add_version(first.recipe, steps=STEPS[:2], by=by)
    assert second.number == 2
    assert RecipeVersion.objects.get(recipe=first.recipe, number=1).steps == first.steps


def test_what_cannot_be_saved_is_refused(
    churn: tuple[Problem, DatasetVersion], bob: User, vera: User, actor_of: ActorOf
) -> None:
    by = actor_of(bob)
    version = actions.create_recipe("Mine", problem=churn[0], steps=STEPS, by=by)
    with pytest.raises(AlreadyExists):
        actions.create_recipe("Mine", problem=churn[0], steps=STEPS, by=by)
    with pytest.raises(Invalid, match="at least one step"):
        actions.create_recipe("Empty", problem=churn[0], steps=[], by=by)
    with pytest.raises(Invalid):
        actions.add_version(version.recipe, steps=[{"step": "magic"}], by=by)
    with pytest.raises(Forbidden):
        actions.add_version(version.recipe, steps=STEPS, by=actor_of(vera))
    with pytest.raises(Forbidden):
        actions.delete_recipe(version.recipe, by=actor_of(vera))
    assert Recipe.objects.count() == 1
    assert version.recipe.versions.count() == 1


def test_the_api_goes_from_a_suggestion_to_python(
    churn: tuple[Problem, DatasetVersion], bob: User, api: Api
) -> None:
    client, place = api(bob), {"problem": churn[0].pk, "dataset_version": churn[1].pk}
    suggested = client.post("/api/v1/recipes/suggest", place, format="json").json()
    assert len(suggested["steps"]) == len(suggested["reasons"])
    shown = client.post("/api/v1/recipes/preview", {**place, "steps": suggested["steps"]}, format="json")
    assert shown.status_code == 200
    assert [step["error"] for step in shown.json()["steps"]] == [None] * len(suggested["steps"])
    body = {"name": "Mine", "problem": churn[0].pk, "steps": suggested["steps"], "note": "suggested"}
    saved = client.post("/api/v1/recipes/", body, format="json")
    assert saved.status_code == 201
    address = f"/api/v1/recipes/{saved.json()['recipe']}"
    more = client.post(f"{address}/versions/", {"steps": STEPS}, format="json").json()
    assert more["number"] == 2
    assert client.get(f"{address}/versions/1").json()["steps"] == suggested["steps"]
    assert client.get("/api/v1/recipes/?name=min").json()["results"][0]["last_number"] == 2
    text = client.get(f"{address}/versions/2/python")
    assert text["Content-Type"].startswith("text/x-python")
    compile(text.content, "recipe.py", "exec")
    assert client.delete(address).status_code == 204
    assert client.get(address).status_code == 404


def test_the_schema_and_the_check_are_served(vera: User, api: Api) -> None:
    client = api(vera)
    assert client.get("/api/v1/recipes/schema").json()["type"] == "array"
    checked = client.post("/api/v1/recipes/validate", {"steps": [{"step": "scale"}]}, format="json").json()
    assert checked["steps"][0]["columns"] == {"type": "numeric"}


@pytest.mark.parametrize(
    ("address", "steps", "field"),
    [
        ("validate", [{"step": "impute", "method": "magic"}], "steps.0.method"),
        ("validate", {"step": "impute"}, "steps"),
        ("validate", [{"step": "formula", "name": "n", "formula": "__import__('os')"}], "steps.0.formula"),
        ("preview", [{"step": "drop"}], "steps.0.columns"),
        ("python", [{"step": "lag"}], "steps.0.order"),
    ],
)
def test_a_wrong_step_is_a_400_that_names_its_path(
    churn: tuple[Problem, DatasetVersion], bob: User, api: Api, address: str, steps: Any, field: str
) -> None:
    place = {"problem": churn[0].pk} if address != "validate" else {}
    place |= {"dataset_version": churn[1].pk} if address == "preview" else {}
    answer = api(bob).post(f"/api/v1/recipes/{address}", {**place, "steps": steps}, format="json")
    assert answer.status_code == 400
    assert answer.json()["field"] == field


@pytest.mark.parametrize(
    "formula",
    [
        "a.__class__.__mro__",
        "9**9**9",
        "(" * 1000 + "a" + ")" * 999,
        "x" * 100_000,
        "ａbs(a)",
        "a\x00",
        "a\ud800",
        "`it's` + '",
        {"a": 1},
        None,
        9,
    ],
)
@pytest.mark.parametrize("address", ["validate", "preview", "python", ""])
def test_a_formula_that_tries_to_escape_is_a_400_at_every_door(
    churn: tuple[Problem, DatasetVersion], bob: User, api: Api, address: str, formula: Any
) -> None:
    place: dict[str, Any] = {"problem": churn[0].pk} if address != "validate" else {}
    place |= {"dataset_version": churn[1].pk} if address == "preview" else {}
    place |= {"name": "Mine"} if not address else {}
    body = json.dumps({**place, "steps": [{"step": "formula", "name": "n", "formula": formula}]})
    answer = api(bob).post(f"/api/v1/recipes/{address}", body, content_type="application/json")
    assert answer.status_code == 400
    assert len(answer.json()["detail"]) < 600


@pytest.mark.parametrize("formula", ["'\x00'", "'\ud800'"])
def test_what_the_database_cannot_hold_is_refused_when_a_page_saves_it(
    churn: tuple[Problem, DatasetVersion], bob: User, web: Callable[[User], Client], formula: str
) -> None:
    for steps in (
        [{"step": "formula", "name": "n", "formula": formula}],
        [{"step": "impute", "columns": [formula]}],
        [{"step": "encode", "method": "ordinal", "order": [formula]}],
    ):
        form = {"name": "Mine", "steps": json.dumps(steps)}
        assert web(bob).post(f"/problems/{churn[0].pk}/recipe/save", form).status_code == 400
    assert not Recipe.objects.exists()


def test_a_step_that_fails_on_the_sample_is_told_in_the_preview(
    churn: tuple[Problem, DatasetVersion], bob: User, api: Api
) -> None:
    body = {
        "problem": churn[0].pk, "dataset_version": churn[1].pk,
        "steps": [{"step": "formula", "name": "n", "formula": "gone + 1"}],
    }  # fmt: skip
    shown = api(bob).post("/api/v1/recipes/preview", body, format="json").json()["steps"]
    assert shown[0]["error"]["field"] == "steps.0.formula"


def test_another_teams_recipe_is_not_found(
    churn: tuple[Problem, DatasetVersion], bob: User, charlie: User, actor_of: ActorOf, api: Api
) -> None:
    recipe = actions.create_recipe("Mine", problem=churn[0], steps=STEPS, by=actor_of(bob)).recipe
    for address in (f"recipes/{recipe.pk}", f"recipes/{recipe.pk}/versions/1/python"):
        assert api(charlie).get(f"/api/v1/{address}").status_code == 404


def test_a_training_takes_steps_and_keeps_them_with_its_runs(
    churn: tuple[Problem, DatasetVersion], bob: User, api: Api
) -> None:
    body = {
        "problem": churn[0].pk, "dataset_version": churn[1].pk, "estimators": ["decision_tree"], "steps": STEPS,
    }  # fmt: skip
    answer = api(bob).post("/api/v1/trainings/", body, format="json")
    assert answer.status_code == 202
    run = churn[0].runs.get(is_baseline=False)
    assert [step["step"] for step in (run.recipe or {})["steps"]] == [
        "drop_useless",
        "dates",
        "impute",
        "encode",
    ]
    refused = api(bob).post("/api/v1/trainings/", {**body, "steps": [{"step": "magic"}]}, format="json")
    assert (refused.status_code, refused.json()["field"]) == (400, "recipes.0.steps.0.step")


def edited(client: Client, address: str, **fields: Any) -> str:
    """The editor after a form was sent as htmx sends it."""
    answer = client.post(address, fields, headers={"HX-Request": "true"})
    assert answer.status_code == 200
    return str(answer.content.decode())


def test_the_editor_adds_moves_and_removes_steps(
    churn: tuple[Problem, DatasetVersion], bob: User, web: Callable[[User], Client]
) -> None:
    client, address = web(bob), f"/problems/{churn[0].pk}/recipe"
    page = client.get(address).content.decode()
    assert "looks like an identifier" in page
    assert "The estimator gets" in page
    form = {"version": churn[1].pk, "0.step": "drop", "0.columns.mode": "names", "0.columns": ["key", "country"],
            "1.step": "impute", "1.columns.mode": "numeric", "1.method": "mean"}  # fmt: skip
    page = edited(client, address, **form, do="add", add="encode")
    assert page.index("Drop columns") < page.index("Fill missing values") < page.index("Encode categories")
    page = edited(client, address, **form, do="add", add="encode", at="1")
    assert page.index("Drop columns") < page.index("Encode categories") < page.index("Fill missing values")
    assert page.index('tabindex="-1" autofocus') < page.index("Encode categories")
    page = edited(client, address, **form, do="up:1")
    assert page.index("Fill missing values") < page.index("Drop columns")
    assert "Fill missing values" not in edited(client, address, **form, do="remove:1").split('name="add"')[0]
    assert "nested" in edited(client, address, **{"0.step": "formula", "0.name": "n", "0.formula": "(" * 60})


def test_the_editor_keeps_what_was_wrong_and_says_why(
    churn: tuple[Problem, DatasetVersion], bob: User, web: Callable[[User], Client]
) -> None:
    client, address = web(bob), f"/problems/{churn[0].pk}/recipe"
    page = edited(client, address, **{"0.step": "clip", "0.columns.mode": "numeric", "0.low": "much"})
    assert 'value="much"' in page
    assert "steps.0.low" in page
    page = edited(client, address, **{"0.step": "formula", "0.name": "<b>", "0.formula": "age + '<script>'"})
    assert "<script>" not in page
    assert "needs a number" in page


def test_a_recipe_is_saved_downloaded_and_trained_with(
    churn: tuple[Problem, DatasetVersion], bob: User, vera: User, web: Callable[[User], Client]
) -> None:
    client, address = web(bob), f"/problems/{churn[0].pk}/recipe"
    fields = {"steps": json.dumps(STEPS), "name": "Mine", "version": churn[1].pk}
    assert web(vera).post(f"{address}/save", fields).status_code == 403
    assert client.post(f"{address}/save", fields).status_code == 302
    saved = RecipeVersion.objects.get()
    assert "Mine" in client.get(f"{address}?recipe={saved.recipe_id}").content.decode()
    client.post(f"{address}/save", {**fields, "recipe": saved.recipe_id, "steps": json.dumps(STEPS[1:])})
    assert saved.recipe.versions.count() == 2
    assert b"make_features" in client.post(f"{address}/python", fields).content
    assert client.post(f"{address}/save", {**fields, "steps": "{"}).status_code == 400
    taken = client.post(f"{address}/save", {**fields, "steps": json.dumps(STEPS[:1]), "note": "shorter"})
    assert taken.status_code == 409
    page = taken.content.decode()
    assert "There is a recipe named" in page
    assert 'value="shorter"' in page
    assert page.count('class="card recipe-step') == 1
    form = {"version": churn[1].pk, "estimator": ["decision_tree"], "recipe": f"{saved.recipe_id}.1"}
    assert client.post(f"/problems/{churn[0].pk}/train", form).status_code == 302
    assert (churn[0].runs.get(is_baseline=False).recipe or {})["steps"] == saved.steps
    form["recipe"] = "suggested"
    assert client.post(f"/problems/{churn[0].pk}/train", form).status_code == 302
    assert client.post(f"/recipes/{saved.recipe_id}/delete").status_code == 302
    assert not Recipe.objects.exists()


def test_a_problem_without_data_says_what_to_do(
    bob: User, actor_of: ActorOf, web: Callable[[User], Client]
) -> None:
    problem = problem_actions.create_problem("P", kind="regression", target="y", by=actor_of(bob))
    assert "No data yet" in web(bob).get(f"/problems/{problem.pk}/recipe").content.decode()
