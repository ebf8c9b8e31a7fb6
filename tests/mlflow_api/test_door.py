"""The door's frame: which paths it answers, methods, unknown routes, mistakes of the server."""

from collections.abc import Callable

import pytest
from django.db import OperationalError

from mlregistry.accounts.models import User
from mlregistry.errors import Conflict, Invalid, MlregistryError, TooLarge, TooMany, Unavailable
from mlregistry.mlflow_api import errors, routes
from mlregistry.mlflow_api.route import Answer, Call, Route

from .conftest import Mlflow

Make = Callable[..., Mlflow]
OUT_OF_SCOPE = (
    "/api/3.0/mlflow/traces", "/api/2.0/mlflow/traces", "/api/3.0/mlflow/traces/search",
    "/api/3.0/mlflow/scorers/list", "/api/2.0/mlflow/scorers/register", "/api/3.0/mlflow/issues",
    "/ajax-api/3.0/mlflow/gateway/supported-models", "/api/3.0/mlflow/datasets/search",
    "/api/3.0/mlflow/mcp-servers", "/api/3.0/mlflow/skills", "/api/2.0/mlflow/nothing", "/api/2.0/",
    "/api/2.0/mlflow/experiments", "/api/2.0/mlflow/experiments/create/", "/api/3.0/mlflow/experiments/create",
)  # fmt: skip


@pytest.mark.parametrize("path", OUT_OF_SCOPE)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_what_is_not_there_is_a_page_so_that_clients_fall_back(
    mlflow: Make, bob: User, path: str, method: str
) -> None:
    for api in (mlflow(), mlflow(bob)):
        status, headers, body = api.raw(method, path, b"{}" if method == "POST" else b"")
        assert status == 404
        assert headers["Content-Type"].startswith("text/html")
        assert body.startswith(b"<!doctype html>")


def test_a_wrong_method_is_told_the_right_ones(mlflow: Make, bob: User) -> None:
    status, headers, body = mlflow(bob).raw("GET", "/api/2.0/mlflow/experiments/create")
    assert (status, headers["Allow"]) == (405, "POST")
    assert headers["Content-Type"].startswith("text/html")
    assert body.startswith(b"<!doctype html>")
    allowed = mlflow(bob).raw("PUT", "/api/3.0/mlflow/workspaces/lab")[1]["Allow"]
    assert allowed == "DELETE, GET, PATCH"


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/api/v1/me/",
        "/api/4.0/mlflow/x",
        "/apix/2.0/mlflow/experiments/get",
        "/t/UP/api/2.0/x",
        "/t//api/2.0/x",
    ],
)
def test_other_paths_go_on_to_django(mlflow: Make, path: str) -> None:
    assert mlflow().raw("GET", path)[0] == 418


def test_a_path_that_is_no_text_is_not_found(mlflow: Make, bob: User) -> None:
    api = mlflow(bob)
    environ = api._environ("GET", "/api/2.0/mlflow/x", b"", "", "application/json", {})
    got: list[str] = []
    b"".join(api.application({**environ, "PATH_INFO": "/api/2.0/\xff"}, lambda status, _: got.append(status)))
    assert got == ["404 Not Found"]


def test_head_is_get_without_a_body(mlflow: Make, bob: User) -> None:
    status, headers, body = mlflow(bob).raw(
        "HEAD", "/api/2.0/mlflow/experiments/get", query="experiment_id=0"
    )
    assert (status, body) == (200, b"")
    assert int(headers["Content-Length"]) > 10


def test_bodies_are_json_and_say_so(mlflow: Make, bob: User) -> None:
    api, place = mlflow(bob), "/api/2.0/mlflow/experiments/search"
    for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""):
        status, _, body = api.raw("POST", place, b'{"max_results": 1}', content_type=kind)
        assert (status, b"Content-Type" in body) == (400, True), kind
    for kind in ("application/json", "application/json; charset=utf-8", "APPLICATION/JSON"):
        assert api.raw("POST", place, b'{"max_results": 1}', content_type=kind)[0] == 200


@pytest.mark.parametrize("body", [b'"{\\"max_results\\": 1}"', b'{"maxResults": "1"}', b"null", b""])
def test_bodies_encoded_twice_in_camel_case_or_absent_are_read(mlflow: Make, bob: User, body: bytes) -> None:
    assert mlflow(bob).raw("POST", "/api/2.0/mlflow/experiments/search", body)[0] == 200


def test_a_name_in_both_spellings_is_refused(mlflow: Make, bob: User) -> None:
    status, error = mlflow(bob).post("experiments/search", {"maxResults": 1, "max_results": 1})
    assert (status, error["error_code"]) == (400, "INVALID_PARAMETER_VALUE")


def test_a_body_that_was_cut_off_is_refused(mlflow: Make, bob: User) -> None:
    api = mlflow(bob)
    environ = api._environ("POST", "/api/2.0/mlflow/experiments/search", b"{}", "", "application/json", {})
    got: list[str] = []
    told = api.application({**environ, "CONTENT_LENGTH": "99"}, lambda status, _: got.append(status))
    assert b"cut off" in b"".join(told)
    assert got == ["400 Bad Request"]


@pytest.mark.parametrize(
    ("raised", "status", "code"),
    [
        (Invalid("x"), 400, "INVALID_PARAMETER_VALUE"), (Conflict("x"), 400, "INVALID_PARAMETER_VALUE"),
        (TooLarge("x"), 413, "INVALID_PARAMETER_VALUE"), (TooMany("x"), 429, "REQUEST_LIMIT_EXCEEDED"),
        (Unavailable("x"), 503, "TEMPORARILY_UNAVAILABLE"), (OperationalError("x"), 503, "TEMPORARILY_UNAVAILABLE"),
        (MlregistryError("x"), 500, "INTERNAL_ERROR"), (ZeroDivisionError("secret"), 500, "INTERNAL_ERROR"),
        (errors.NotImplementedHere("x"), 501, "NOT_IMPLEMENTED"),
        (errors.Worded("x", code="RESOURCE_CONFLICT", status=409), 409, "RESOURCE_CONFLICT"),
    ],
)  # fmt: skip
def test_every_error_has_its_code_and_no_inner_detail(
    mlflow: Make, monkeypatch: pytest.MonkeyPatch, raised: Exception, status: int, code: str
) -> None:
    def act(call: Call) -> Answer:
        raise raised

    monkeypatch.setitem(routes._EXACT, ("GET", "2.0/mlflow/failing"), Route("GET", "x", act, None))
    got, error = mlflow().get("failing")
    assert (got, error["error_code"]) == (status, code)
    assert "secret" not in error["message"]


def test_a_message_that_quotes_a_lone_surrogate_is_still_sent(
    mlflow: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    def act(call: Call) -> Answer:
        raise Invalid("not \ud800 this")

    monkeypatch.setitem(routes._EXACT, ("GET", "2.0/mlflow/failing"), Route("GET", "x", act, None))
    assert mlflow().get("failing")[1]["message"] == "not ? this"
