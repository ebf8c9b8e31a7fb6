"""The handler that serves gives Django's answers in one piece, and looks after the connections as Django does."""

import io
import subprocess
import sys
from collections.abc import Iterator
from typing import Any, NamedTuple
from uuid import UUID

import pytest
from django.core.handlers.wsgi import WSGIHandler
from django.core.signals import request_finished, request_started
from django.db import close_old_connections, connection
from django.http import FileResponse, HttpRequest, HttpResponse, StreamingHttpResponse
from django.test import override_settings
from django.urls import get_resolver, path

from mlregistry import urls
from mlregistry.django_handler import Handler
from mlregistry.routes import Remembered

pytestmark = pytest.mark.django_db(transaction=True)
closed: list[str] = []


class Upload(io.BytesIO):
    def close(self) -> None:
        closed.append("file")
        super().close()


def whole(request: HttpRequest, name: str = "") -> HttpResponse:
    response = HttpResponse(f"whole {name}", headers={"X-Own": "1"})
    response.set_cookie("seen", "yes")
    response.set_cookie("more", "yes")
    response._resource_closers.append(lambda: closed.append("whole"))  # type: ignore[attr-defined]  # as files do
    return response


def in_parts(request: HttpRequest) -> StreamingHttpResponse:
    return StreamingHttpResponse(iter([b"one ", b"two"]))


def as_file(request: HttpRequest) -> FileResponse:
    return FileResponse(Upload(b"a file"))


def spoiling(request: HttpRequest) -> HttpResponse:
    spoil()
    return HttpResponse("spoilt")


def spoiling_in_parts(request: HttpRequest) -> StreamingHttpResponse:
    def parts() -> Iterator[bytes]:
        spoil()
        yield b"spoilt"

    return StreamingHttpResponse(parts())


def spoil() -> None:
    """This thread's connection, as a server of databases that goes away leaves it."""
    connection.ensure_connection()
    connection.connection.close()
    connection.errors_occurred = True


def failing(request: HttpRequest) -> HttpResponse:
    raise ValueError("on purpose")


ROUTES = [
    path("whole/<str:name>", whole, name="whole"),
    path("parts", in_parts),
    path("file", as_file),
    path("spoiling", spoiling),
    path("spoiling-in-parts", spoiling_in_parts),
    path("failing", failing),
]
urlpatterns = [Remembered(ROUTES)]


class Asked(NamedTuple):
    status: str
    headers: list[tuple[str, str]]
    body: bytes
    answer: Any


def ask(handler: Any, address: str, method: str = "GET", **more: str) -> Asked:
    environ = {
        "REQUEST_METHOD": method, "PATH_INFO": address, "SCRIPT_NAME": "", "QUERY_STRING": "",
        "SERVER_NAME": "127.0.0.1", "SERVER_PORT": "80", "SERVER_PROTOCOL": "HTTP/1.1", "REMOTE_ADDR": "127.0.0.1",
        "HTTP_HOST": "127.0.0.1",
        "CONTENT_LENGTH": "0", "wsgi.url_scheme": "http", "wsgi.input": io.BytesIO(), **more,
    }  # fmt: skip
    seen: list[Any] = []
    answer = handler(environ, lambda *given: seen.extend(given))
    body = b"".join(answer)
    getattr(answer, "close", lambda: None)()
    return Asked(seen[0], seen[1], body, answer)


@pytest.fixture
def table() -> Iterator[None]:
    """These routes, and of Django's signals only what others than the handler listen to."""
    closed.clear()
    signals = [one for one in (request_started, request_finished) if one.disconnect(close_old_connections)]
    with override_settings(ROOT_URLCONF=__name__):
        yield
    for one in signals:
        one.connect(close_old_connections)


@pytest.mark.parametrize(
    ("address", "method"),
    [
        ("/whole/a", "GET"),
        ("/whole/%C3%A9", "POST"),
        ("/whole/b", "HEAD"),
        ("/parts", "GET"),
        ("/file", "GET"),
        ("/nothing", "GET"),
        ("/nothing/", "GET"),
        ("", "GET"),
        ("//whole/a", "GET"),
        ("/failing", "GET"),
        ("/whole/" + "x" * 600, "GET"),
    ],
)
def test_an_answer_is_the_one_that_django_gives(table: None, address: str, method: str) -> None:
    ours, djangos = (ask(handler, address, method)[:3] for handler in (Handler(), WSGIHandler()))
    assert ours == djangos


def test_a_whole_answer_is_a_list_and_closed_and_another_is_closed_by_the_server(table: None) -> None:
    finished: list[Any] = []

    def note(sender: Any, **_: Any) -> None:
        finished.append(sender)

    request_finished.connect(note)
    try:
        assert ask(Handler(), "/whole/a").answer == [b"whole a"]
        assert isinstance(ask(Handler(), "/parts").answer, StreamingHttpResponse)
        assert isinstance(ask(Handler(), "/file").answer, FileResponse)
    finally:
        request_finished.disconnect(note)
    assert closed == ["whole", "file"]
    assert finished == [Handler] * 3


def test_django_asks_the_memory_for_the_view_of_an_address(table: None) -> None:
    handler, remembered = Handler(), urlpatterns[0]
    before = remembered._found.cache_info().hits
    for _ in range(3):
        assert ask(handler, "/whole/again").body == b"whole again"
    assert remembered._found.cache_info().hits >= before + 2


@pytest.mark.parametrize(
    "address", ["/api/v1/me", "/login/", "/v2/models/a/infer", f"/api/v1/runs/{UUID(int=7)}"]
)
def test_a_request_knows_the_match_that_djangos_root_would_make(address: str) -> None:
    request = HttpRequest()
    request.path_info = address
    view, args, kwargs = Handler().resolve_request(request)
    expected = get_resolver().resolve(address)
    assert (view, args, kwargs) == (expected.func, expected.args, expected.kwargs)
    assert request.resolver_match is not None
    assert {**vars(request.resolver_match), "tried": None} == {**vars(expected), "tried": None}
    assert isinstance(urls.urlpatterns[0], Remembered)


def test_a_table_of_the_request_s_own_counts(table: None) -> None:
    request = HttpRequest()
    request.path_info = "/api/v1/me"
    request.urlconf = "mlregistry.urls"  # as a middleware may set it
    try:
        assert (
            Handler().resolve_request(request)[0]
            is get_resolver("mlregistry.urls").resolve("/api/v1/me").func
        )
    finally:
        ask(Handler(), "/whole/a")  # which names the settings' table for this thread again


@pytest.mark.parametrize("address", ["/spoiling", "/spoiling-in-parts"])
def test_a_connection_that_a_request_spoils_is_closed_with_its_answer(table: None, address: str) -> None:
    connection.ensure_connection()
    assert ask(Handler(), address).body == b"spoilt"
    assert connection.connection is None


def test_a_connection_that_was_spoilt_before_is_not_used(table: None) -> None:
    spoil()
    assert ask(Handler(), "/whole/a").body == b"whole a"
    assert connection.connection is None


def test_nothing_listens_to_each_request_in_a_server() -> None:
    """A new release of Django that connects more, or renames what is disconnected, shows here."""
    program = (
        "import mlregistry.wsgi as wsgi\n"
        "from django.core.signals import request_finished, request_started\n"
        "kind = type(wsgi.django_application)\n"
        "print([one.has_listeners(kind) for one in (request_started, request_finished)])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[False, False]"
