"""The REST view of predictions is asked once, and what a view declares about who may ask holds."""

import io
import json
from typing import Any, NamedTuple

import pytest
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle
from rest_framework.views import APIView

from mlregistry.django_handler import Handler
from mlregistry.errors import Forbidden
from mlregistry.rest_permission import DeclaredRole
from serving import live_routing
from serving.api.invocations import Invocations
from serving.fast_door import LONGEST_PATH, Application, fast_door
from serving.models import Endpoint
from tests.serving.conftest import ROW
from tests.serving.test_doors import secret

__all__ = ["secret"]
pytestmark = pytest.mark.django_db(transaction=True)
PATH = "/api/v1/endpoints/tumour/invocations"
GOOD = json.dumps({"dataframe_records": [ROW]}).encode()


class Answer(NamedTuple):
    status: int
    headers: dict[str, str]
    body: bytes


def post(
    application: Any, path: str, body: bytes, headers: dict[str, str], *, media: str = "application/json"
) -> Answer:
    """Asks as a WSGI server does."""
    sent = {f"HTTP_{name.upper().replace('-', '_')}": value for name, value in headers.items()}
    environ = {
        "REQUEST_METHOD": "POST", "PATH_INFO": path, "SCRIPT_NAME": "", "QUERY_STRING": "", "SERVER_NAME": "127.0.0.1",
        "SERVER_PORT": "80", "SERVER_PROTOCOL": "HTTP/1.1", "REMOTE_ADDR": "127.0.0.1", "HTTP_HOST": "127.0.0.1",
        "CONTENT_LENGTH": str(len(body)), "CONTENT_TYPE": media, "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(body), **sent,
    }  # fmt: skip
    seen: list[Any] = []
    chunks = application(environ, lambda *given: seen.extend(given))
    try:
        answer = b"".join(chunks)
    finally:
        getattr(chunks, "close", lambda: None)()
    return Answer(int(seen[0][:3]), dict(seen[1]), answer)


@pytest.fixture
def django() -> Application:
    return Handler()


@pytest.fixture
def routed(endpoint: Endpoint, secret: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """This process keeps its routing up to date, as a web process does."""
    routing = live_routing.here()
    routing.refresh()
    monkeypatch.setattr(routing, "is_running", True)
    routing._ready.set()


def by_token(secret: str, **more: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {secret}", **more}


def test_an_address_that_is_too_long_to_remember_goes_the_whole_way(
    routed: None, django: Application, secret: str
) -> None:
    long = f"/api/v1/endpoints/{'x' * LONGEST_PATH}/invocations"
    assert post(fast_door(django), long, GOOD, by_token(secret)).status == 404


def test_a_request_is_asked_of_the_routing_once_on_its_way(
    routed: None, django: Application, secret: str
) -> None:
    counters = live_routing.here().counters
    counters.drain()
    unknown = by_token("mlr_unknown")
    for application in (django, fast_door(django)):
        assert post(application, PATH, GOOD, unknown).status == 401
        assert {key.status: tally.n_requests for key, tally in counters.drain().items()} == {401: 1}


class OneTooMany(BaseThrottle):
    def allow_request(self, request: Request, view: APIView) -> bool:
        return False


class Nobody(DeclaredRole):
    def has_permission(self, request: Request, view: Any) -> bool:
        raise Forbidden("Nobody may.")


@pytest.mark.parametrize(
    ("policy", "classes", "status"),
    [
        ("throttle_classes", [OneTooMany], 429),
        ("permission_classes", [Nobody], 403),
        ("authentication_classes", [], 401),
    ],
)  # fmt: skip
def test_a_policy_that_a_view_is_given_holds(
    policy: str, classes: list[type], status: int, routed: None, django: Application, secret: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    assert post(django, PATH, GOOD, by_token(secret)).status == 200
    monkeypatch.setattr(Invocations, policy, classes)
    assert post(django, PATH, GOOD, by_token(secret)).status == status
