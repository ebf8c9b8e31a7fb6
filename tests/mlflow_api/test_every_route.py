"""Every row of the door's table, under both prefixes: who may call it, and that no input breaks it."""

import json
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import quote, urlencode

import pytest
from django.db import transaction

from mlregistry.accounts.models import Role, User
from mlregistry.errors import MlregistryError
from mlregistry.mlflow_api.fields import Field
from mlregistry.mlflow_api.route import Route
from mlregistry.mlflow_api.routes import PART, ROUTES

from .conftest import Mlflow

Make = Callable[..., Mlflow]
OPEN = {"3.0/mlflow/server-info", "3.0/mlflow/server-features"}
SIGNED = {"2.0/mlflow-artifacts/mpu/part/{signed}"}
READING_POSTS = ("search", "graphql", "get-latest-versions", "get-history-bulk", "presigned-download-url")
PREFIXES = ("/api/", "/ajax-api/")
NAMES = [f"{route.method} {route.path}" for route in ROUTES]
every_route = pytest.mark.parametrize("route", ROUTES, ids=NAMES)

PLAUSIBLE: tuple[Any, ...] = ("x", 1, True, [], [{"key": "k", "value": "v"}], {}, ["x"])
DEEP = "[" * 5000 + "]" * 5000
NEARLY_TOO_DEEP = "[" * 900 + "]" * 900
VALUES = (
    '"a\\u0000b"', '"\\ud800"', '"' + "9" * 5000 + '"', str(2**70), str(-(2**63)), str(2**63 - 1), "1e400", "NaN",
    "-1", "1.5", "true", "null", '""', "[]", "{}", '"x"', '["\\u0000"]', '["\\ud800", 1, null]', "[1]", "[null]",
    '[{"key": "\\u0000", "value": "\\ud800"}]', '[{"key": {}, "value": []}]', '[{"key": "k"}, {}]', "[[]]",
    '{"\\u0000": "\\ud800"}', '{"a": {"b": [1]}}', NEARLY_TOO_DEEP, '"\\"; --\'%"', '"../../x"', '"a%b_c"',
)  # fmt: skip
BODIES = (
    b"",
    b"null", b"1", b'"x"', b"[]", b"[{}]", b"true", b"{", b"{'a': 1}", b"\xff\xfe", b'{"a": "\xff"}',
    b'"{}"', b'"\\"{}\\""', b'"\\ud800"', b'{"\\ud800": 1}', DEEP.encode(),
    b'{"a":' * 5000 + b"1" + b"}" * 5000,
    b'{"a": 1e400, "b": -1e400, "c": NaN}', b"9" * 5000, b'{"name": ' + b"9" * 5000 + b"}", b"\x00",
    b'{"a": 1}{"a": 2}',
)  # fmt: skip
QUERIES = (
    "%FF=%FF",
    "run_id=%00",
    "=&=&;",
    "experiment_id=%ED%A0%80",
    "a" * 5000,
    "&" * 3000,
    "max_results=1&max_results=x",
)


def place(route: Route, prefix: str = "/api/", parts: str = "1") -> str:
    path = PART.sub(parts, route.path)
    return prefix + path if path[:2] in ("2.", "3.") else "/" + path


def status_of(api: Mlflow, route: Route, prefix: str = "/api/") -> int:
    """The answer to a request whose changes are taken back, so that each route meets the same things."""
    with transaction.atomic():
        status = api.raw(route.method, place(route, prefix))[0]
        transaction.set_rollback(True)
    return status


def test_open_routes_are_those_and_no_others() -> None:
    """Without a login there is what clients ask first, and addresses that carry a signature of the server."""
    assert {route.path for route in ROUTES if route.role is None} <= OPEN | SIGNED


def test_no_route_stands_twice_in_the_table() -> None:
    assert len(set(NAMES)) == len(NAMES)


@pytest.mark.parametrize("prefix", PREFIXES)
def test_nobody_enters_without_a_login(mlflow: Make, prefix: str) -> None:
    nobody = mlflow()
    for name, route in zip(NAMES, ROUTES, strict=True):
        status, headers, body = nobody.raw(route.method, place(route, prefix))
        if route.path in OPEN:
            assert status == 200, name
        elif route.path in SIGNED:
            assert status == 403, name
        else:
            assert (status, json.loads(body)["error_code"]) == (401, "UNAUTHENTICATED"), name
            assert headers["WWW-Authenticate"] == 'Basic realm="mlflow"', name


@pytest.mark.parametrize("prefix", PREFIXES)
@pytest.mark.parametrize("role", list(Role))
def test_the_declared_role_is_the_least_one(
    mlflow: Make, alice: User, bob: User, vera: User, prefix: str, role: Role
) -> None:
    client = mlflow({Role.OWNER: alice, Role.EDITOR: bob, Role.VIEWER: vera}[role])
    for name, route in zip(NAMES, ROUTES, strict=True):
        refused = route.path in SIGNED or (route.role is not None and role < route.role)
        assert (status_of(client, route, prefix) == 403) == refused, name


@pytest.mark.parametrize("scope", ["read", "write", "predict"])
def test_a_token_without_the_scope_is_refused(mlflow: Make, alice: User, scope: str) -> None:
    client = mlflow(alice, scopes=[scope])
    for name, route in zip(NAMES, ROUTES, strict=True):
        refused = route.path in SIGNED or (route.role is not None and route.needed_scope != scope)
        assert (status_of(client, route) == 403) == refused, name


def test_another_team_s_rooms_are_not_there(mlflow: Make, bob: User, charlie: User) -> None:
    stranger, at_home = mlflow(charlie, team_slug="lab"), mlflow(charlie)
    for name, route in zip(NAMES, ROUTES, strict=True):
        if route.role is None:
            continue
        status, _, body = stranger.raw(route.method, place(route))
        assert (status, json.loads(body)["error_code"]) == (404, "RESOURCE_DOES_NOT_EXIST"), name
        header = {"X-MLFLOW-WORKSPACE": "lab"}
        assert at_home.raw(route.method, place(route), headers=header)[0] == 404, name


def test_a_changing_route_is_for_those_who_may_write() -> None:
    """A route for viewers that is no GET either only searches or asks for the scope to write."""
    for name, route in zip(NAMES, ROUTES, strict=True):
        if route.role == Role.VIEWER and route.method != "GET" and route.needed_scope == "read":
            assert route.method == "POST", name
            assert any(word in route.path for word in READING_POSTS), name


@every_route
def test_no_input_breaks_a_route(mlflow: Make, alice: User, route: Route) -> None:
    api = mlflow(alice)
    known = _things(api)
    for method, path, body, query in (*_odd_requests(route), *_odd_fields(route, known)):
        with transaction.atomic():
            status, _, told = api.raw(method, path, body, query=query)
            transaction.set_rollback(True)
        assert status < 500 or status == 501, (path, body[:300], query[:300], told[:300])


def _odd_requests(route: Route) -> Iterator[tuple[str, str, bytes, str]]:
    for body in BODIES:
        yield route.method, place(route), body, ""
    for query in QUERIES:
        yield route.method, place(route), b"", query
    for part in ("\x00", "é", "%", "..", "9" * 300, "a\nb", "0"):
        yield route.method, place(route, parts=part.replace("\\", "")), b"{}", ""


def _odd_fields(route: Route, known: dict[str, Any]) -> Iterator[tuple[str, str, bytes, str]]:
    fields = route.fields or ()
    good = {field.name: json.dumps(known.get(field.name, _accepted(field))) for field in fields}
    yield _request(route, good)
    for field in fields:
        for value in VALUES:
            yield _request(route, {**good, field.name: value})
        if field.camel != field.name:
            rest = {name: text for name, text in good.items() if name != field.name}
            for value in VALUES[::10]:  # under either name they are read by the same lines
                yield _request(route, {**rest, field.camel: value})


def _request(route: Route, texts: dict[str, str]) -> tuple[str, str, bytes, str]:
    if route.method == "GET":
        pairs = {name: text.strip('"').replace("\\u0000", "\x00") for name, text in texts.items()}
        return "GET", place(route), b"", urlencode(pairs, quote_via=quote)
    body = "{" + ", ".join(f'"{name}": {text}' for name, text in texts.items()) + "}"
    return route.method, place(route), body.encode(), ""


def _accepted(field: Field) -> Any:
    """A value that the field takes, so that the others of the request are looked at."""
    for value in PLAUSIBLE:
        try:
            field.read(value, field.name)
        except (MlregistryError, TypeError, AttributeError, ValueError):
            continue
        return value
    return None


def _things(api: Mlflow) -> dict[str, Any]:
    """An experiment, a run and a model that the requests name."""
    experiment = api.post("experiments/create", {"name": "fuzzed"})[1]["experiment_id"]
    known: dict[str, Any] = {
        "experiment_id": experiment,
        "experiment_ids": [experiment],
        "key": "k",
        "max_results": 5,
    }
    status, made = api.post("runs/create", {"experiment_id": experiment})
    if status == 200:
        known |= {"run_id": made["run"]["info"]["run_id"], "run_ids": [made["run"]["info"]["run_id"]]}
    if api.post("registered-models/create", {"name": "x"})[0] == 200:
        known |= {"name": "x", "version": "1"}
    return known
