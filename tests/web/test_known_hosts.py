"""A name of this server is compared with the allowed ones once, and no other gets in by that."""

import re
from typing import Any

import pytest
from django.core.exceptions import DisallowedHost, PermissionDenied
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.middleware.common import CommonMiddleware
from django.test import RequestFactory, override_settings

from mlregistry.known_hosts import MOST_KNOWN, KnownHosts

MIDDLEWARES: tuple[Any, ...] = (CommonMiddleware, KnownHosts)


def answering(response: Any) -> Any:
    return lambda request: response() if callable(response) else response


def asked(host: str, path: str = "/login/", **more: Any) -> HttpRequest:
    return RequestFactory().get(path, headers={"Host": host}, **more)


@override_settings(ALLOWED_HOSTS=["good.example"])
def test_a_foreign_name_is_refused_each_time_also_after_a_known_one() -> None:
    hosts = KnownHosts(answering(HttpResponse))
    for _ in range(2):
        assert hosts(asked("good.example:8080")).status_code == 200
        for foreign in ("evil.example", "good.example.evil.example", "good.example:80x", "", "good.example/"):
            with pytest.raises(DisallowedHost):
                hosts(asked(foreign))
    assert hosts._known == {"good.example:8080"}


@override_settings(ALLOWED_HOSTS=[".good.example"])
def test_a_pattern_fills_the_memory_only_so_far_and_goes_on_letting_in() -> None:
    hosts = KnownHosts(answering(HttpResponse))
    for n in range(MOST_KNOWN + 5):
        assert hosts(asked(f"n{n}.good.example")).status_code == 200
    assert len(hosts._known) == MOST_KNOWN


def test_a_name_of_the_server_s_own_is_looked_at_each_time() -> None:
    request = asked("testserver")
    del request.META["HTTP_HOST"]
    hosts = KnownHosts(answering(HttpResponse))
    assert hosts(request).status_code == 200
    assert not hosts._known
    request.META["SERVER_NAME"] = "evil.example"
    with pytest.raises(DisallowedHost):
        hosts(request)


@override_settings(ALLOWED_HOSTS=["good.example"], USE_X_FORWARDED_HOST=True)
def test_what_a_proxy_forwards_is_looked_at_each_time() -> None:
    hosts = KnownHosts(answering(HttpResponse))
    assert hosts(asked("good.example")).status_code == 200
    with pytest.raises(DisallowedHost):
        hosts(asked("good.example", HTTP_X_FORWARDED_HOST="evil.example"))


def test_refused_agents_and_the_prefix_www_hold_for_every_request() -> None:
    with override_settings(PREPEND_WWW=True, ALLOWED_HOSTS=["good.example"]):
        hosts = KnownHosts(answering(HttpResponse))
        for _ in range(2):
            assert hosts(asked("good.example"))["Location"] == "http://www.good.example/login/"
    with override_settings(DISALLOWED_USER_AGENTS=[re.compile("robot")]):
        hosts = KnownHosts(answering(HttpResponse))
        assert hosts(asked("testserver")).status_code == 200
        with pytest.raises(PermissionDenied):
            hosts(asked("testserver", HTTP_USER_AGENT="a robot"))


@pytest.mark.parametrize(
    ("path", "response"),
    [
        ("/login/", lambda: HttpResponse("text é")),
        ("/login/", lambda: HttpResponse(b"", status=204)),
        ("/login/", lambda: HttpResponse("own", headers={"content-length": "3"})),
        ("/login/", lambda: StreamingHttpResponse(iter([b"part"]))),
        ("/login", lambda: HttpResponse("missing", status=404)),
        ("/nothing", lambda: HttpResponse("missing", status=404)),
        ("/api/v1/me", lambda: HttpResponse("missing", status=404)),
    ],
)
def test_an_answer_leaves_as_it_leaves_django_s_own(path: str, response: Any) -> None:
    for _ in range(2):
        djangos, ours = (kind(answering(response))(asked("testserver", path)) for kind in MIDDLEWARES)
        assert (ours.status_code, dict(ours.items())) == (djangos.status_code, dict(djangos.items()))
