"""Every route of the native API against everybody who may not use it; generated from the URL table.

A new route is in it by being routed. It needs a line in `foreign_ids` only when it names a new kind of thing.
"""

import json
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from django.utils import timezone
from rest_framework.test import APIClient

from experiments.models import Dataset, DataSource, Experiment, Problem, Recipe, Run, SelectionStudy, Study
from mlregistry.accounts.actions import invitations, tokens
from mlregistry.accounts.actor import Actor
from mlregistry.accounts.models import Role, Team, User
from mlregistry.jobs.models import Job
from models_app.models import ModelVersion, RegisteredModel
from serving.models import AbTest, Endpoint, LoadTest

VERBS = ("get", "head", "post", "put", "patch", "delete")
API = "api/v1/"
PARAMETER = re.compile(r"<(?:(\w+):)?(\w+)>")
MISSING = {
    "int": "987654321",
    "uuid": "00000000-0000-4000-8000-000000000000",
    "path": "no/such",
    "str": "nothing",
    "slug": "nothing",
}
BODIES: tuple[Any, ...] = ({}, [], None, {"name": 5, "role": [], "scopes": {}, "variants": "x", "metrics": 1})
OPEN_PAGES = {"health", "version", "metrics", "api/schema/", "api/docs/"}

ActorOf = Callable[..., Actor]
Api = Callable[..., APIClient]


def walk(patterns: list[Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for entry in patterns:
        route = prefix + str(entry.pattern)
        if isinstance(entry, URLResolver):
            yield from walk(entry.url_patterns, route)
        elif isinstance(entry, URLPattern):
            yield route, entry.callback


ROUTES = [(route, view) for route, view in walk(get_resolver().url_patterns) if route.startswith(API)]
PAGES = [
    (route, view)
    for route, view in walk(get_resolver().url_patterns)
    if not route.startswith((API, "admin/")) and route not in OPEN_PAGES
]


def roles_of(view: Any) -> dict[str, Role | None]:
    return dict(getattr(getattr(view, "cls", None), "roles", {}))


def is_open(view: Any, verb: str) -> bool:
    """Declared as for everybody."""
    roles = roles_of(view)
    return roles.get("get" if verb == "head" else verb, Role.VIEWER) is None


def fill(route: str, known: dict[str, str]) -> str:
    """The route with an id for each parameter: that of a thing when the segment before it is known."""

    def value(found: re.Match[str]) -> str:
        segments = route[: found.start()].rstrip("/").split("/")
        return known.get(segments[-1], MISSING[found[1] or "str"])

    return "/" + PARAMETER.sub(value, route)


def send(client: Client, verb: str, address: str, body: Any = None) -> Any:
    if verb in ("get", "head"):
        return getattr(client, verb)(address)
    return client.generic(
        verb.upper(), address, "" if body is None else json.dumps(body), content_type="application/json"
    )


@pytest.fixture
def foreign_ids(team: Team, alice: User, actor_of: ActorOf) -> dict[str, str]:
    """A thing of the lab for each segment that names one."""
    by = actor_of(alice)
    problem = Problem.objects.create(team=team, name="p", kind="classification", target="y",
                                     primary_metric="roc_auc", direction="maximize")  # fmt: skip
    experiment = Experiment.objects.create(team=team, name="e")
    token, _ = tokens.create_token("foreign", scopes=["read"], by=by)
    invitation, _ = invitations.invite("dan@example.org", role=Role.VIEWER, by=by)
    dataset = Dataset.objects.create(team=team, name="d")
    source = DataSource.objects.create(
        team=team, dataset=dataset, name="s", kind="url", config={"url": "https://127.0.0.1/"}
    )
    endpoint = Endpoint.objects.create(team=team, name="e", salt="s")
    model = RegisteredModel.objects.create(team=team, name="m")
    load = {"version": ModelVersion.objects.create(model=model, number=1), "declared": {"shape": "closed"}}
    now = timezone.now()
    things = {
        "load-tests": LoadTest.objects.create(endpoint=endpoint, **load).pk,
        "ab-tests": AbTest.objects.create(
            endpoint=endpoint,
            name="t",
            mode="split",
            control="a",
            versions={"a": 1, "b": 2},
            metric="accuracy",
            horizon=100,
            look_at=now,
            started_at=now,
        ).pk,
        "teams": team.slug,
        "members": alice.username,
        "invitations": invitation.pk,
        "tokens": token.pk,
        "jobs": Job.objects.create(team=team, kind="experiments.train", title="t").pk,
        "problems": problem.pk,
        "selections": SelectionStudy.objects.create(
            team=team, problem=problem, data_name="d v1", plan={"folds": 5}, recipe={}
        ).pk,
        "studies": Study.objects.create(
            team=team,
            name="s",
            experiment=experiment,
            space={"parameters": {"x": {"low": 0.0, "high": 1.0}}},
            objectives=[{"metric": "loss", "direction": "minimize"}],
            sampler="random",
            max_trials=1,
            has_problem=False,
        ).pk,
        "datasets": dataset.pk,
        "sources": source.pk,
        "experiments": experiment.pk,
        "recipes": Recipe.objects.create(team=team, problem=problem, name="r").pk,
        "runs": Run.objects.create(experiment=experiment, name="r").pk,
        "models": model.name,
        "endpoints": endpoint.name,
    }
    return {segment: str(name) for segment, name in things.items()}


def _ids(pairs: list[tuple[str, Any]]) -> list[str]:
    return [route.removeprefix(API) or "root" for route, _ in pairs]


@pytest.mark.parametrize(("route", "view"), ROUTES, ids=_ids(ROUTES))
def test_nobody_gets_in_without_signing_in(route: str, view: Any, foreign_ids: dict[str, str]) -> None:
    address = fill(route, foreign_ids)
    for verb in VERBS:
        for prefix in ("", "/t/lab", "/t/nowhere"):
            status = send(Client(raise_request_exception=False), verb, prefix + address, {}).status_code
            assert is_open(view, verb) or 400 <= status < 500, (verb, prefix, status)


@pytest.mark.parametrize(("route", "view"), ROUTES, ids=_ids(ROUTES))
def test_an_outsider_finds_nothing_of_another_team(
    route: str, view: Any, foreign_ids: dict[str, str], charlie: User, api: Api
) -> None:
    address, client = fill(route, foreign_ids), api(charlie)
    for verb in VERBS:
        if is_open(view, verb):
            continue
        status = send(client, verb, "/t/lab" + address, {}).status_code
        assert status == 404, (verb, "the team's address", status)
        if "<" not in route:
            continue
        status = send(client, verb, address, {}).status_code
        assert 400 <= status < 500, (verb, "a foreign id", status)
        assert status == 404 or verb not in ("get", "head", "delete") or verb not in roles_of(view), (
            verb,
            status,
        )


@pytest.mark.parametrize(("route", "view"), ROUTES, ids=_ids(ROUTES))
def test_a_viewer_is_refused_what_takes_more(
    route: str, view: Any, foreign_ids: dict[str, str], vera: User, api: Api
) -> None:
    address, client = fill(route, foreign_ids), api(vera)
    for verb in VERBS:
        status = send(client, verb, address, {}).status_code
        needed = roles_of(view).get("get" if verb == "head" else verb)
        assert status < 500, (verb, status)
        if needed is not None and needed > Role.VIEWER:
            assert status == 403, (verb, status)
        if hasattr(view, "cls") and verb != "head" and not hasattr(view.cls, verb):
            assert status == 405, (verb, status)


@pytest.mark.parametrize(("route", "view"), ROUTES, ids=_ids(ROUTES))
def test_no_body_makes_the_server_fail(
    route: str, view: Any, foreign_ids: dict[str, str], alice: User, api: Api
) -> None:
    client = api(alice)
    for known in ({}, foreign_ids):
        for verb in VERBS[:-1]:
            for body in BODIES:
                status = send(client, verb, fill(route, known), body).status_code
                assert status < 500, (verb, body, status)
        assert send(client, "delete", fill(route, {})).status_code < 500


@pytest.mark.parametrize(("route", "view"), ROUTES, ids=_ids(ROUTES))
def test_a_token_without_the_scope_gets_nothing(
    route: str, view: Any, foreign_ids: dict[str, str], alice: User, api: Api
) -> None:
    if getattr(getattr(view, "cls", None), "scope", None) == "predict":
        client = api(alice, scopes=frozenset({"read", "write"}))
    else:
        client = api(alice, scopes=frozenset({"predict"}))
    for verb in VERBS:
        if not is_open(view, verb):
            status = send(client, verb, fill(route, foreign_ids), {}).status_code
            assert 400 <= status < 500, (verb, status)


@pytest.mark.parametrize(("route", "view"), ROUTES, ids=_ids(ROUTES))
def test_every_route_declares_its_roles(route: str, view: Any) -> None:
    assert roles_of(view), f"{route} is no TeamView"


@pytest.mark.parametrize(("route", "view"), PAGES, ids=_ids(PAGES))
def test_every_page_declares_who_may_see_it(route: str, view: Any) -> None:
    assert hasattr(view, "page_role") or hasattr(getattr(view, "view_class", None), "page_role"), route


@pytest.mark.parametrize(("route", "view"), PAGES, ids=_ids(PAGES))
def test_no_page_shows_anything_of_another_team(
    route: str, view: Any, foreign_ids: dict[str, str], charlie: User, web: Callable[[User], Client]
) -> None:
    role = getattr(view, "page_role", None)
    address = fill(route, foreign_ids)
    for verb in ("get", "post"):
        answer = send(Client(raise_request_exception=False), verb, address, None)
        assert answer.status_code < 500, (verb, "anonymous")
        if role is None:
            continue
        assert answer.status_code in (302, 405), (verb, "anonymous", answer.status_code)
        status = send(web(charlie), verb, "/t/lab" + address).status_code
        assert status in (404, 405), (verb, "the team's address", status)
        if "<" in route:
            status = send(web(charlie), verb, address).status_code
            assert status in (400, 404, 405), (verb, "a foreign id", status)
