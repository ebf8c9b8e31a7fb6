"""Every route of the native API against everybody who may not use it; generated from the URL table.

A new route is in it by being routed. It needs a line in `foreign_ids` only when it names a new kind of thing.
"""

import json
import re
from collections.abc import Callable, Collection, Iterator
from itertools import product
from typing import Any

import pytest
from django.db import transaction
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from django.utils import timezone
from rest_framework.test import APIClient

from experiments.models import (
    Dataset,
    DataSource,
    Experiment,
    Problem,
    Recipe,
    Run,
    RunRule,
    RunView,
    SelectionStudy,
    Study,
)
from mlregistry.accounts.actions import invitations, tokens
from mlregistry.accounts.actor import Actor
from mlregistry.accounts.models import Role, Team, User, UserSession
from mlregistry.discussions.actions import writeups
from mlregistry.discussions.models import Comment
from mlregistry.jobs.models import Job
from mlregistry.notices.models import Channel, Delivery, InboxEntry, Notice
from mlregistry.rest import TeamView
from models_app.models import ModelVersion, PromotionRequest, RegisteredModel
from serving import live_routing
from serving.models import (
    AbTest,
    AlertRule,
    Batch,
    DriftCheck,
    Endpoint,
    EndpointReport,
    Improvement,
    LoadTest,
    Retraining,
)

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
OPEN_PAGES = {"health", "ping", "version", "metrics", "api/schema/", "api/docs/"}

ActorOf = Callable[..., Actor]
Api = Callable[..., APIClient]


def walk(patterns: list[Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for entry in patterns:
        route = prefix + str(entry.pattern)
        if isinstance(entry, URLResolver):
            yield from walk(entry.url_patterns, route)
        elif isinstance(entry, URLPattern):
            yield route, entry.callback


def is_rest(route: str, view: Any) -> bool:
    """Of the native API, or of another server's protocol at the root."""
    return route.startswith(API) or issubclass(getattr(view, "cls", object), TeamView)


ROUTES = [(route, view) for route, view in walk(get_resolver().url_patterns) if is_rest(route, view)]
PAGES = [
    (route, view)
    for route, view in walk(get_resolver().url_patterns)
    if not is_rest(route, view) and not route.startswith((API, "admin/")) and route not in OPEN_PAGES
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


@pytest.fixture(autouse=True)
def _own_routing(db: None) -> Iterator[None]:
    """Asking whether the server is ready starts its threads: none outlives a test and looks at another's tables."""
    yield
    live_routing.reset()


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
    version = ModelVersion.objects.create(model=model, number=1)
    load = {"version": version, "declared": {"shape": "closed"}}
    now = timezone.now()
    notice = Notice.objects.create(team=team, kind="alert.firing", title="t", key="k", at=now)
    channel = Channel.objects.create(team=team, kind="email", name="c", emails=["dan@example.org"])
    things = {
        "drift-checks": DriftCheck.objects.create(
            endpoint=endpoint, version=version, since=now, until=now, at=now
        ).pk,
        "retrainings": Retraining.objects.create(
            endpoint=endpoint, trigger="asked", reason="r", declared={"approval": True}, started_at=now
        ).pk,
        "improvements": Improvement.objects.create(
            endpoint=endpoint, version=version, data_name="d v1", plan={}, recipe={}
        ).pk,
        "reports": EndpointReport.objects.create(endpoint=endpoint, rhythm="asked", since=now, until=now).pk,
        "comments": Comment.objects.create(team=team, kind="problem", key=str(problem.pk), text="c").pk,
        "writeups": writeups.create_writeup("w", "text", by=by).pk,
        "channels": channel.pk,
        "deliveries": Delivery.objects.create(channel=channel, notice=notice).pk,
        "inbox": InboxEntry.objects.create(notice=notice, team=team, user=alice, at=now).pk,
        "alert-rules": AlertRule.objects.create(
            endpoint=endpoint,
            name="r",
            figure="error_rate",
            comparison="above",
            threshold=0.1,
            window_seconds=300,
            state_since=now,
            look_at=now,
        ).pk,
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
        "sessions": UserSession.objects.create(user=alice, session_key="k", seen_at=now).pk,
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
        "run-rules": RunRule.objects.create(team=team, name="r", event="failed", since=now).pk,
        "run-views": RunView.objects.create(experiment=experiment, name="v", state={}, is_shared=True).pk,
        "runs": Run.objects.create(experiment=experiment, name="r").pk,
        "models": model.name,
        "promotions": PromotionRequest.objects.create(model=model, version=version, alias="champion").pk,
        "endpoints": endpoint.name,
        "batches": Batch.objects.create(endpoint=endpoint).pk,
    }
    return {segment: str(name) for segment, name in things.items()}


def noun_of(route: str) -> str:
    """The first segment of a route: what its address is about."""
    return route.removeprefix(API).partition("/")[0] or "root"


every_verb = pytest.mark.parametrize("verb", VERBS)


@every_verb
def test_nobody_gets_in_without_signing_in(verb: str, foreign_ids: dict[str, str]) -> None:
    client = Client(raise_request_exception=False)
    got_in = []
    for (route, view), prefix in product(ROUTES, ("", "/t/lab", "/t/nowhere")):
        status = send(client, verb, prefix + fill(route, foreign_ids), {}).status_code
        if not is_open(view, verb) and not 400 <= status < 500:
            got_in.append((route, prefix, status))
    assert got_in == []


@every_verb
def test_an_outsider_finds_nothing_of_another_team(
    verb: str, foreign_ids: dict[str, str], charlie: User, api: Api
) -> None:
    client, wrong = api(charlie), []
    for route, view in ROUTES:
        if is_open(view, verb):
            continue
        address = fill(route, foreign_ids)
        status = send(client, verb, "/t/lab" + address, {}).status_code
        if status != 404:
            wrong.append((route, "the team's address", status))
        if "<" not in route:
            continue
        status = send(client, verb, address, {}).status_code
        hidden = status == 404 or verb not in ("get", "head", "delete") or verb not in roles_of(view)
        if not 400 <= status < 500 or not hidden:
            wrong.append((route, "a foreign id", status))
    assert wrong == []


@every_verb
def test_a_viewer_is_refused_what_takes_more(
    verb: str, foreign_ids: dict[str, str], vera: User, api: Api
) -> None:
    client, wrong = api(vera), []
    live_routing.here().start(wait=True)  # before, the server says rightly that it is not ready
    for route, view in ROUTES:
        with transaction.atomic():  # each route meets the same things
            status = send(client, verb, fill(route, foreign_ids), {}).status_code
            transaction.set_rollback(True)
        needed = roles_of(view).get("get" if verb == "head" else verb)
        refused = needed is not None and needed > Role.VIEWER
        absent = hasattr(view, "cls") and verb != "head" and not hasattr(view.cls, verb)
        if status >= 500 or (refused and status != 403) or (absent and status != 405):
            wrong.append((route, status))
    assert wrong == []


@pytest.mark.parametrize("noun", sorted({noun_of(route) for route, _ in ROUTES}))
def test_no_body_makes_the_server_fail(noun: str, foreign_ids: dict[str, str], alice: User, api: Api) -> None:
    """Everything is sent to verbs that the route has; that the others refuse is what a viewer is told above."""
    client, failed = api(alice), []
    if noun == "v2":
        live_routing.here().start(wait=True)
    for route, view in ROUTES:
        verbs = VERBS if noun_of(route) == noun else ()
        for verb in [verb for verb in verbs if ("get" if verb == "head" else verb) in roles_of(view)]:
            addresses = dict.fromkeys(fill(route, known) for known in ({}, foreign_ids))
            for address, body in product(addresses, BODIES if verb in ("post", "put", "patch") else ({},)):
                with transaction.atomic():  # each body meets the same things
                    status = send(client, verb, address, body).status_code
                    transaction.set_rollback(True)
                if status >= 500:
                    failed.append((verb, address, body, status))
    assert failed == []


@every_verb
def test_a_token_without_the_scope_gets_nothing(
    verb: str, foreign_ids: dict[str, str], alice: User, api: Api
) -> None:
    predicting = api(alice, scopes=frozenset({"predict"}))
    others = api(alice, scopes=frozenset({"read", "write"}))
    got_in = []
    for route, view in ROUTES:
        if is_open(view, verb):
            continue
        predicts = getattr(getattr(view, "cls", None), "scope", None) == "predict"
        status = send(others if predicts else predicting, verb, fill(route, foreign_ids), {}).status_code
        if not 400 <= status < 500:
            got_in.append((route, status))
    assert got_in == []


def test_every_route_declares_its_roles() -> None:
    assert [route for route, view in ROUTES if not roles_of(view)] == []


def test_every_page_declares_who_may_see_it() -> None:
    def declares(view: Any) -> bool:
        return hasattr(view, "page_role") or hasattr(getattr(view, "view_class", None), "page_role")

    assert [route for route, view in PAGES if not declares(view)] == []


@pytest.mark.parametrize("verb", ["get", "post"])
def test_no_page_shows_anything_of_another_team(
    verb: str, foreign_ids: dict[str, str], charlie: User, web: Callable[[User], Client]
) -> None:
    nobody, stranger, wrong = Client(raise_request_exception=False), web(charlie), []

    def check(route: str, who: str, status: int, allowed: Collection[int]) -> None:
        if status not in allowed:
            wrong.append((route, who, status))

    for route, view in PAGES:
        address, role = fill(route, foreign_ids), getattr(view, "page_role", None)
        status = send(nobody, verb, address).status_code
        if role is None:
            check(route, "nobody", status, range(500))
            continue
        check(route, "nobody", status, (302, 405))
        status = send(stranger, verb, "/t/lab" + address).status_code
        check(route, "a stranger at the team's address", status, (404, 405))
        if "<" in route:
            status = send(stranger, verb, address).status_code
            check(route, "a stranger with a foreign id", status, (400, 404, 405))
    assert wrong == []
