"""Who can see a thing, and why: members by role, operators, tokens for owners only."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from rest_framework.test import APIClient

from experiments.models import Problem
from mlregistry.accounts.actions import tokens
from mlregistry.accounts.actor import Actor
from mlregistry.accounts.models import ApiToken, Team, User
from mlregistry.discussions.actions.writeups import create_writeup
from mlregistry.discussions.nouns import nouns
from serving.models import Endpoint

pytestmark = pytest.mark.django_db
ActorOf = Callable[..., Actor]
Api = Callable[..., APIClient]


@pytest.fixture
def problem(team: Team) -> Problem:
    return Problem.objects.create(
        team=team,
        name="churn",
        kind="classification",
        target="y",
        primary_metric="roc_auc",
        direction="maximize",
    )


def told(api: Api, user: User, place: str) -> Any:
    return api(user).get(f"/api/v1/visibility/{place}").json()


def test_members_are_listed_with_what_they_may_and_why(
    problem: Problem, alice: User, bob: User, vera: User, charlie: User, api: Api
) -> None:
    User.objects.filter(pk=charlie.pk).update(is_superuser=True, is_staff=True)
    found = told(api, vera, f"problem/{problem.pk}")
    seen = [(one["name"], one["role"], one["may"]) for one in found["members"]]
    assert seen == [
        ("alice", "owner", "look at it, change it, and decide who else may"),
        ("bob", "editor", "look at it and change it"), ("vera", "viewer", "look at it"),
    ]  # fmt: skip
    assert found["members"][1]["why"] == "Member of The lab with the role editor"
    assert [one["name"] for one in found["operators"]] == ["charlie"]
    assert (found["tokens"], found["name"]) == (None, "churn")


def test_an_owner_sees_the_tokens_that_reach_it_and_no_others(
    problem: Problem,
    team: Team,
    alice: User,
    bob: User,
    vera: User,
    charlie: User,
    api: Api,
    actor_of: ActorOf,
) -> None:
    Endpoint.objects.create(team=team, name="e", salt="s")
    for name, user, scopes in (
        ("notebook", bob, ["read", "write"]), ("app", bob, ["predict"]), ("dashboard", vera, ["read", "write"]),
        ("gone", bob, ["read"]), ("late", bob, ["read"]), ("theirs", charlie, ["read"]),
    ):  # fmt: skip
        tokens.create_token(name, scopes=scopes, by=actor_of(user))
    ApiToken.objects.filter(name="gone").update(revoked_at=timezone.now())
    ApiToken.objects.filter(name="late").update(expires_at=timezone.now() - timedelta(days=1))
    used = timezone.now() - timedelta(days=3)
    ApiToken.objects.filter(name="notebook").update(last_used_at=used)
    of_problem = told(api, alice, f"problem/{problem.pk}")["tokens"]
    seen = {one["name"]: one["may"] for one in of_problem if one["name"] != "tests"}
    assert seen == {"notebook": "look at it and change it", "dashboard": "look at it"}
    kept = next(one for one in of_problem if one["name"] == "notebook")
    assert kept["last_used_at"].startswith(used.isoformat()[:19])
    of_endpoint = {one["name"]: one["may"] for one in told(api, alice, "endpoint/e")["tokens"]}
    assert of_endpoint["app"] == "ask for predictions"
    assert "digest" not in kept


def test_the_page_says_it_and_outsiders_find_nothing(
    problem: Problem, alice: User, bob: User, charlie: User, web: Callable[[User], Client]
) -> None:
    address = f"/who-sees/problem/{problem.pk}/"
    assert "Owners of the team see which tokens" in web(bob).get(address).content.decode()
    shown = web(alice).get(address).content.decode()
    assert "Owners of the team see" not in shown
    assert "Member of The lab with the role editor" in shown
    assert web(charlie).get(address).status_code == 404
    assert web(alice).get("/who-sees/secret/1/").status_code == 404
    assert web(alice).get("/who-sees/problem/one/").status_code == 404
    assert web(alice).get("/who-sees/model/%00/").status_code == 404


def test_every_kind_of_thing_that_is_discussed_says_who_sees_it(
    watched: Endpoint, by: Actor, bob: User, web: Callable[[User], Client], api: Api
) -> None:
    version = watched.variants.get().version
    run, writeup = version.run, create_writeup("Findings", "We looked.", by=by)
    assert run is not None
    pages = {
        f"experiment/{run.experiment_id}": f"/experiments/{run.experiment_id}/",
        f"run/{run.pk.hex}": f"/runs/{run.pk}/",
        "model/tumour": "/models/tumour/", "version/tumour:1": "/models/tumour/versions/1/",
        "endpoint/tumour": "/endpoints/tumour/", f"writeup/{writeup.pk}": f"/writeups/{writeup.pk}/",
    }  # fmt: skip
    assert {*nouns()} == {"problem", "dataset", *(place.split("/")[0] for place in pages)}
    for place, page in pages.items():
        assert f'href="/who-sees/{place}/"' in web(bob).get(page).content.decode(), page
        shown = web(bob).get(f"/who-sees/{place}/").content.decode()
        assert f'href="{page}"' in shown
        assert "Member of The lab with the role editor" in shown
        assert [one["name"] for one in told(api, bob, place)["members"]] == ["bob"]
