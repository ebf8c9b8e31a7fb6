"""Who calls the MLflow door. Credentials are looked up again every second, not for every request.

So a token that was revoked, or a role that was lowered, counts for at most a second more in other
processes; in the process where it happened it ends at once (settings.ACCESS_CHANGED).
"""

from __future__ import annotations

import hashlib
import re
import time

from django.core.handlers.wsgi import WSGIRequest
from django.db import transaction

from mlregistry.accounts.actor import Actor
from mlregistry.accounts.models import ApiToken
from mlregistry.errors import Invalid, NotFound, Unauthenticated
from mlregistry.rest_authentication import actor_of_header

from .route import Environ

REMEMBERED_SECONDS = 1.0
MOST_REMEMBERED = 10_000
DEFAULT_WORKSPACE = "default"
SLUG = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
LOG_IN = (
    "Set MLFLOW_TRACKING_TOKEN to a token of this server (page “API tokens”),"
    " or MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD."
)

Caller = tuple[Actor, ApiToken | None]

_remembered: dict[tuple[bytes, str | None], tuple[float, Caller]] = {}


def caller_of(environ: Environ, slug: str | None) -> Caller:
    """The actor and token of the Authorization header, in the team of the path, the workspace header or its own.

    Unauthenticated without valid credentials, NotFound in a foreign team, Invalid when path and header differ.
    """
    header = environ.get("HTTP_AUTHORIZATION", "").strip()
    if not header:
        raise Unauthenticated(LOG_IN)
    place = slug or environ.get("HTTP_X_MLFLOW_WORKSPACE", "").strip() or None
    key = (hashlib.sha256(header.encode("utf-8", "surrogateescape")).digest(), place)
    now = time.monotonic()
    known = _remembered.get(key)
    if known is None or known[0] <= now:
        known = (now + REMEMBERED_SECONDS, _looked_up(environ, header, place, strict=slug is not None))
        if len(_remembered) >= MOST_REMEMBERED:
            _remembered.clear()
        _remembered[key] = known
    if slug is not None:
        _check_workspace(environ, slug)
    return known[1]


def forget() -> None:
    """Looks everybody up again."""
    _remembered.clear()


def forget_changed() -> None:
    """Called when tokens or memberships change; again after the commit, for who was looked up in between."""
    forget()
    transaction.on_commit(forget)


def _check_workspace(environ: Environ, slug: str) -> None:
    name: str = environ.get("HTTP_X_MLFLOW_WORKSPACE", "").strip()
    if name and name != slug:
        raise Invalid(
            f"The address names the team “{slug}” and the header X-MLFLOW-WORKSPACE another one;"
            " unset the workspace, or use the address without /t/."
        )


def _looked_up(environ: Environ, header: str, slug: str | None, *, strict: bool) -> Caller:
    """“default” as a workspace is the team of that name, and without one the caller's default team."""
    if slug is not None and not SLUG.fullmatch(slug):
        _seen(environ, header, None)
        raise Invalid("The workspace must be the name of a team: lower-case letters, digits and hyphens.")
    try:
        return _seen(environ, header, slug)
    except NotFound:
        if strict or slug != DEFAULT_WORKSPACE:
            raise
        return _seen(environ, header, None)


def _seen(environ: Environ, header: str, slug: str | None) -> Caller:
    request = WSGIRequest(environ)
    request.team_slug = slug  # type: ignore[attr-defined]  # an attribute of ours
    return actor_of_header(request, header, via="mlflow")
