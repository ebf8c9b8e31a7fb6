"""A request of the API that brings a token skips the middlewares of pages, and nothing that keeps anybody safe."""

import asyncio
import io
from base64 import b64encode
from collections.abc import Callable
from typing import Any, NamedTuple

import pytest
from django.conf import settings
from django.db import connection
from django.test import AsyncClient, Client
from django.test.utils import CaptureQueriesContext

from mlregistry.accounts.actions import tokens
from mlregistry.accounts.actor import Actor
from mlregistry.accounts.models import AuditEvent, Team, User
from mlregistry.django_handler import Handler
from mlregistry.ui.security import HEADERS

ActorOf = Callable[..., Actor]
Web = Callable[[User], Client]
pytestmark = pytest.mark.django_db(transaction=True)
ME = "/api/v1/me"
TEAMS = "/api/v1/teams/"
PASSED = "mlregistry.accounts.page_middleware.TokensPass"


class Answer(NamedTuple):
    status: int
    headers: dict[str, str]
    body: bytes


def ask(path: str, method: str = "GET", *, body: Any = b"", **more: str) -> Answer:
    """Through the handler that serves, as a WSGI server asks it."""
    environ = {
        "REQUEST_METHOD": method, "PATH_INFO": path, "SCRIPT_NAME": "", "QUERY_STRING": "", "SERVER_NAME": "127.0.0.1",
        "SERVER_PORT": "80", "SERVER_PROTOCOL": "HTTP/1.1", "REMOTE_ADDR": "192.0.2.9", "HTTP_HOST": "127.0.0.1",
        "CONTENT_LENGTH": str(len(body)), "CONTENT_TYPE": "application/json", "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(body), **more,
    }  # fmt: skip
    seen: list[Any] = []
    handler: Any = Handler()
    chunks = handler(environ, lambda *given: seen.extend(given))
    try:
        answer = b"".join(chunks)
    finally:
        getattr(chunks, "close", lambda: None)()
    return Answer(int(seen[0][:3]), dict(seen[1]), answer)


@pytest.fixture
def bearer(bob: User, actor_of: ActorOf) -> str:
    _, secret = tokens.create_token("ci", scopes=["read", "write"], by=actor_of(bob))
    return f"Bearer {secret}"


@pytest.fixture
def cookie(alice: User, web: Web) -> str:
    """Of alice, who is signed in to the pages."""
    return f"sessionid={web(alice).cookies['sessionid'].value}"


def test_what_holds_for_every_answer_stands_above() -> None:
    above = settings.MIDDLEWARE[: settings.MIDDLEWARE.index(PASSED)]
    assert above == [
        "mlregistry.ui.security.SecurityHeaders",
        "whitenoise.middleware.WhiteNoiseMiddleware",
        "mlregistry.accounts.team_prefix.TeamPrefix",
        "mlregistry.accounts.caller.Caller",
        "mlregistry.known_hosts.KnownHosts",
    ]


@pytest.mark.parametrize(
    "wrong",
    ["Bearer mlr_unknown", "Bearer", "Bearer ", "bearer  ", "BEARER x y", "Token x", "Digest y", "Basic !"],
)
@pytest.mark.parametrize("path", [ME, "/t/lab/api/v1/me", "/v2/models/none/infer"])
def test_a_bad_token_is_refused_and_never_falls_back_to_the_session(
    wrong: str, path: str, alice: User, cookie: str
) -> None:
    method = "POST" if path.endswith("infer") else "GET"
    assert ask(ME, HTTP_COOKIE=cookie).status == 200
    alone = ask(path, method, HTTP_AUTHORIZATION=wrong)
    with_session = ask(path, method, HTTP_AUTHORIZATION=wrong, HTTP_COOKIE=cookie)
    assert alone.status == with_session.status == 401
    assert alone.body == with_session.body
    assert with_session.headers["WWW-Authenticate"] == 'Bearer realm="mlregistry"'
    assert "Set-Cookie" not in with_session.headers


def test_a_token_speaks_although_somebody_else_is_signed_in(bearer: str, cookie: str) -> None:
    with CaptureQueriesContext(connection) as asked:
        answer = ask(ME, HTTP_AUTHORIZATION=bearer, HTTP_COOKIE=cookie)
    assert b'"username":"bob"' in answer.body
    assert not [one for one in asked.captured_queries if "django_session" in one["sql"]]
    assert "Cookie" not in answer.headers.get("Vary", "")


def test_a_change_by_the_session_needs_its_csrf_token_and_one_by_token_none(
    bearer: str, cookie: str, team: Team
) -> None:
    body = b'{"name": "Side", "slug": "side"}'
    refused = ask(TEAMS, "POST", body=body, HTTP_COOKIE=cookie)
    assert refused.status == 403
    assert b"CSRF" in refused.body
    assert not Team.objects.filter(slug="side").exists()
    assert ask(TEAMS, "POST", body=body, HTTP_COOKIE=cookie, HTTP_AUTHORIZATION=bearer).status == 201


@pytest.mark.parametrize("value", ["Bearer mlr_unknown", "good"])
def test_on_a_page_a_token_neither_signs_in_nor_lifts_the_csrf_check(
    value: str, bearer: str, cookie: str, alice: User
) -> None:
    sent = {"HTTP_AUTHORIZATION": bearer if value == "good" else value}
    assert ask("/teams/", **sent).status == 302
    assert ask("/teams/", HTTP_COOKIE=cookie, **sent).status == 200
    refused = ask("/teams/default/", "POST", body=b"team=lab", HTTP_COOKIE=cookie, **sent)
    assert refused.status == 403
    assert refused.headers["Content-Type"].startswith("text/html")


@pytest.mark.parametrize(
    "path",
    ["//api/v1/me", "/api/v1", "/api/v1x/me", "/t/lab//api/v1/me", "/login/api/v1/me", "/api/v1/nothing"],
)
def test_an_address_that_only_looks_like_the_api_leads_nowhere(path: str, bearer: str) -> None:
    assert ask(path, HTTP_AUTHORIZATION=bearer).status == 404


def test_every_answer_has_the_same_security_headers(bearer: str, cookie: str) -> None:
    expected = {**HEADERS, "X-Frame-Options": "DENY"}
    for path, sent in (
        (ME, {"HTTP_AUTHORIZATION": bearer}),
        ("/t/lab/api/v1/me", {"HTTP_AUTHORIZATION": bearer}),
        ("/t/rivals/api/v1/me", {"HTTP_AUTHORIZATION": bearer}),
        (ME, {"HTTP_AUTHORIZATION": "Bearer mlr_unknown"}),
        (ME, {}),
        (ME, {"HTTP_COOKIE": cookie}),
        ("/api/v1/nothing", {"HTTP_AUTHORIZATION": bearer}),
        ("/v2/models/none", {"HTTP_AUTHORIZATION": bearer}),
        ("/teams/", {"HTTP_COOKIE": cookie}),
    ):
        answer = ask(path, **sent)
        assert {name: answer.headers.get(name) for name in expected} == expected, (path, answer.status)
        assert answer.headers["Content-Length"] == str(len(answer.body))
        assert "Access-Control-Allow-Origin" not in answer.headers


def test_an_unknown_host_is_refused_with_a_token_too(bearer: str) -> None:
    for sent in ({"HTTP_AUTHORIZATION": bearer}, {}):
        answer = ask(ME, HTTP_HOST="evil.example", **sent)
        assert answer.status == 400
        assert answer.headers["X-Frame-Options"] == "DENY"


def test_the_team_of_the_address_and_the_address_of_the_caller_are_known(
    bearer: str, bob: User, other_team: Team
) -> None:
    assert b'"slug":"lab"' in ask("/t/lab/api/v1/me", HTTP_AUTHORIZATION=bearer).body
    assert ask("/t/rivals/api/v1/me", HTTP_AUTHORIZATION=bearer).status == 404
    body = b'{"name": "Side", "slug": "side"}'
    for address, kept in (("192.0.2.9", "192.0.2.9"), ("2001:DB8::0:1", "2001:db8::1"), ("", None)):
        AuditEvent.objects.all().delete()
        Team.objects.filter(slug="side").delete()
        answer = ask(TEAMS, "POST", body=body, HTTP_AUTHORIZATION=bearer, REMOTE_ADDR=address)
        assert answer.status == 201
        assert AuditEvent.objects.get(action="team.create").address == kept


def test_a_name_and_password_go_the_whole_way(bob: User, cookie: str) -> None:
    def basic(password: str) -> str:
        return "Basic " + b64encode(f"bob:{password}".encode()).decode()

    assert (
        b'"username":"bob"'
        in ask(ME, HTTP_AUTHORIZATION=basic("correct horse battery"), HTTP_COOKIE=cookie).body
    )
    assert ask(ME, HTTP_AUTHORIZATION=basic("wrong"), HTTP_COOKIE=cookie).status == 401


def test_the_asynchronous_handler_answers_alike(bearer: str, cookie: str) -> None:
    key = cookie.removeprefix("sessionid=")

    async def status(authorization: str | None, *, signed_in: bool) -> int:
        client = AsyncClient()
        if signed_in:
            client.cookies["sessionid"] = key
        answer = await client.get(ME, headers={"Authorization": authorization} if authorization else {})
        return int(answer.status_code)

    async def statuses() -> list[int]:
        return [
            await status(bearer, signed_in=False),
            await status(bearer, signed_in=True),
            await status("Bearer mlr_unknown", signed_in=True),
            await status(None, signed_in=True),
            await status(None, signed_in=False),
        ]

    assert asyncio.run(statuses()) == [200, 200, 401, 200, 401]
