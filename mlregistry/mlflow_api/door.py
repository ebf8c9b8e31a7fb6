"""MLflow's REST API as a WSGI door in front of Django: finds the route, checks access, parses, calls, answers.

`mlregistry.wsgi` wraps the application with it. It shares actions, queries and access with all other doors.
"""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Callable, Iterable
from http import HTTPStatus
from typing import Any

import psycopg2
from django.db import (
    DEFAULT_DB_ALIAS,
    DatabaseError,
    InterfaceError,
    OperationalError,
    close_old_connections,
    connections,
)

from mlregistry.errors import MlregistryError, Unauthenticated, Unavailable

from . import errors, fields, routes, run_tokens, wire
from .authentication import caller_of
from .route import Call, Environ, Reply, Route

StartResponse = Callable[..., Any]
Application = Callable[[Environ, StartResponse], Iterable[bytes]]
PATH = re.compile(
    r"(?:/t/(?P<slug>[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?))?"
    r"(?:/(?:ajax-)?api/(?P<api>[23]\.0/.*)|//?(?P<page>get-artifact|model-versions/get-artifact|graphql))",
    re.DOTALL,
)
JSON_HEADERS = {"Content-Type": "application/json", "X-Content-Type-Options": "nosniff"}
HTML_HEADERS = {"Content-Type": "text/html; charset=utf-8", "X-Content-Type-Options": "nosniff"}
NOT_FOUND = (
    b"<!doctype html><title>404 Not Found</title><h1>Not Found</h1><p>This server has no such route.</p>"
)
NOT_ALLOWED = b"<!doctype html><title>405 Method Not Allowed</title><h1>Method Not Allowed</h1>"

TRUSTED_SECONDS = 1.0
USED_AT = "mlflow_door_used_at"  # of a connection, which goes from thread to thread
UNKNOWN_BYTES = 16 * 1024 * 1024  # read away for callers who did not log in

logger = logging.getLogger(__name__)


def mlflow_door(application: Application) -> Application:
    """The application with MLflow's paths answered before Django sees them."""

    def door(environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        found = PATH.fullmatch(environ.get("PATH_INFO", ""))
        if found is None:
            return application(environ, start_response)
        _check_connection()
        reply = answer(environ, found["slug"], _text(found["api"] or found["page"]))
        return _respond(reply, environ, start_response)

    return door


def _check_connection() -> None:
    """Let Django try the connection before its next use, unless it was in use a moment ago."""
    now, wrapper = time.monotonic(), connections[DEFAULT_DB_ALIAS]
    if now - getattr(wrapper, USED_AT, 0.0) > TRUSTED_SECONDS:
        close_old_connections()
    setattr(wrapper, USED_AT, now)


def answer(environ: Environ, slug: str | None, path: str | None) -> Reply:
    """The reply to a request for this path below /api/."""
    method = "GET" if environ["REQUEST_METHOD"] == "HEAD" else environ["REQUEST_METHOD"]
    found = routes.find(method, path) if path is not None else None
    if found is None:
        return _no_route(path)
    route, parts = found
    try:
        return _called(route, parts, environ, slug)
    except MlregistryError as error:
        wire.drain(environ, UNKNOWN_BYTES if isinstance(error, Unauthenticated) else wire.DRAINED_BYTES)
        return _refused(error)
    except (OperationalError, InterfaceError, psycopg2.OperationalError):
        logger.exception("The database did not answer %s", route.path)
        close_old_connections()
        return _refused(Unavailable("The database does not answer. Try again in a moment."))
    except (DatabaseError, psycopg2.Error, Exception):
        logger.exception("%s %s failed", method, route.path)
        return _refused(MlregistryError("The server made a mistake; its log says more."))


def _called(route: Route, parts: dict[str, str], environ: Environ, slug: str | None) -> Reply:
    call = Call(by=None, given={}, path=parts, environ=environ)  # type: ignore[arg-type]  # set below
    if route.role is not None:
        call.by, call.token = caller_of(environ, slug)
        call.by.require_scope(route.needed_scope)
        call.by.require(route.role)
    if route.fields is not None:
        call.given = fields.read(route.fields, {**wire.sent(environ, route.fields), **parts})
    run_tokens.hold(call, route)
    result = route.act(call)
    if isinstance(result, Reply):
        return result
    return Reply(200, JSON_HEADERS, (wire.encoded(result),))


def _refused(error: MlregistryError) -> Reply:
    status, body = errors.described(error)
    headers = {**JSON_HEADERS, "WWW-Authenticate": 'Basic realm="mlflow"'} if status == 401 else JSON_HEADERS
    # A message may quote what was sent, and lone surrogates cannot be written as UTF-8.
    told = {name: text.encode("utf-8", "replace").decode() for name, text in body.items()}
    return Reply(status, headers, (wire.encoded(told),))


def _no_route(path: str | None) -> Reply:
    """As HTML: the client takes a JSON answer for a missing thing and not for a missing route."""
    allowed = routes.methods(path) if path is not None else ()
    if allowed:
        return Reply(405, {**HTML_HEADERS, "Allow": ", ".join(sorted(allowed))}, (NOT_ALLOWED,))
    return Reply(404, HTML_HEADERS, (NOT_FOUND,))


def _text(raw: str) -> str | None:
    """The path as the client meant it: WSGI hands on UTF-8 as if it were Latin-1."""
    try:
        return raw.encode("latin-1").decode("utf-8")
    except UnicodeError:
        return None


def _respond(reply: Reply, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
    headers = list(reply.headers.items())
    body: Iterable[bytes] = reply.body
    if isinstance(body, tuple):
        headers.append(("Content-Length", str(sum(map(len, body)))))
        body = list(body)  # a list is sent in one piece
    start_response(f"{reply.status} {HTTPStatus(reply.status).phrase}", headers)
    return [] if environ["REQUEST_METHOD"] == "HEAD" else body
