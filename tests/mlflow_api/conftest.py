"""A client of the MLflow door for tests: whole WSGI requests, without a socket."""

from collections.abc import Callable, Iterable
from io import BytesIO
from typing import Any
from urllib.parse import urlencode

import msgspec
import pytest

from mlregistry.accounts.actions import tokens
from mlregistry.accounts.actor import ALL_SCOPES
from mlregistry.accounts.models import User
from mlregistry.accounts.queries import actors
from mlregistry.mlflow_api import authentication, door
from mlregistry.mlflow_api.door import mlflow_door


class Mlflow:
    """`get("runs/get", run_id=…)`, `post("runs/create", {…})` … → (status, JSON); `raw` gives everything."""

    def __init__(self, authorization: str | None, prefix: str = "") -> None:
        self.authorization, self.prefix = authorization, prefix
        self.application = mlflow_door(_beyond)

    def get(self, path: str, /, **query: Any) -> tuple[int, Any]:
        return self._json("GET", path, query=urlencode(query, doseq=True))

    def post(self, path: str, body: Any = None) -> tuple[int, Any]:
        return self._json("POST", path, body=body)

    def patch(self, path: str, body: Any = None) -> tuple[int, Any]:
        return self._json("PATCH", path, body=body)

    def delete(self, path: str, body: Any = None) -> tuple[int, Any]:
        return self._json("DELETE", path, body=body)

    def raw(
        self,
        method: str,
        path: str,
        body: bytes = b"",
        *,
        query: str = "",
        content_type: str = "application/json",
        headers: dict[str, str] | None = None,
    ) -> tuple[int, dict[str, str], bytes]:
        """`path` as it stands in the URL, unquoted."""
        got: dict[str, Any] = {}

        def start_response(status: str, answered: list[tuple[str, str]]) -> None:
            got["status"], got["headers"] = int(status.split()[0]), dict(answered)

        answer = self.application(
            self._environ(method, path, body, query, content_type, headers or {}), start_response
        )
        return got["status"], got["headers"], b"".join(answer)

    def _json(self, method: str, path: str, *, query: str = "", body: Any = None) -> tuple[int, Any]:
        place = path if path.startswith("/") else f"/api/2.0/mlflow/{path}"
        sent = b"" if body is None else msgspec.json.encode(body)
        status, _, raw = self.raw(method, place, sent, query=query)
        return status, msgspec.json.decode(raw) if raw[:1] in (b"{", b"[") else raw

    def _environ(
        self, method: str, path: str, body: bytes, query: str, content_type: str, headers: dict[str, str]
    ) -> dict[str, Any]:
        environ = {
            "REQUEST_METHOD": method,
            "PATH_INFO": (self.prefix + path).encode().decode("latin-1"),
            "QUERY_STRING": query,
            "CONTENT_LENGTH": str(len(body)),
            "SERVER_NAME": "testserver",
            "SERVER_PORT": "80",
            "SERVER_PROTOCOL": "HTTP/1.1",
            "REMOTE_ADDR": "127.0.0.1",
            "wsgi.input": BytesIO(body),
            "wsgi.url_scheme": "http",
            **{f"HTTP_{name.upper().replace('-', '_')}": value for name, value in headers.items()},
        }
        if body:
            environ["CONTENT_TYPE"] = content_type
        if self.authorization is not None:
            environ.setdefault("HTTP_AUTHORIZATION", self.authorization)
        return environ


@pytest.fixture(autouse=True)
def _fresh_door(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody is remembered from the test before; the connection that holds the test's transaction stays open."""
    authentication.forget()
    monkeypatch.setattr(door, "close_old_connections", lambda: None)


@pytest.fixture
def mlflow(db: None) -> Callable[..., Mlflow]:
    """A client with a bearer token of the user (None: without), in the team of a /t/ prefix when one is named."""

    def make(
        user: User | None = None, *, scopes: Iterable[str] = ALL_SCOPES, team_slug: str | None = None
    ) -> Mlflow:
        prefix = f"/t/{team_slug}" if team_slug else ""
        if user is None:
            return Mlflow(None, prefix)
        _, secret = tokens.create_token("mlflow", scopes=sorted(scopes), by=actors.for_user(user))
        return Mlflow(f"Bearer {secret}", prefix)

    return make


def _beyond(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    start_response("418 beyond the door", [])
    return (b"beyond",)
