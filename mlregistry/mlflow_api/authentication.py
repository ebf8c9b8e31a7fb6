"""Who calls the MLflow door. Credentials are looked up again every second, not for every request.

So a token that was revoked, or a role that was lowered, counts for at most a second more in other
processes; in the process where it happened it ends at once (settings.ACCESS_CHANGED).
"""

from __future__ import annotations

import hashlib
import re
import time

from django.core.handlers.wsgi import WSGIRequest

from mlregistry.accounts.actor import Actor
from mlregistry.accounts.models import Team
from mlregistry.errors import Unauthenticated
from mlregistry.rest_authentication import actor_of_header

from .route import Environ

REMEMBERED_SECONDS = 1.0
MOST_REMEMBERED = 10_000
DEFAULT_WORKSPACE = "default"
SLUG = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
LOG_IN = (
    "You are not authenticated. Set MLFLOW_TRACKING_TOKEN to a token of this server (page “API tokens”),"
    " or MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD."
)

_remembered: dict[tuple[bytes, str | None], tuple[float, Actor]] = {}


def actor_of(environ: Environ, slug: str | None) -> Actor:
    """The actor of the request's Authorization header in the team of the path, the workspace header, or its own."""
    header = environ.get("HTTP_AUTHORIZATION", "").strip()
    if not header:
        raise Unauthenticated(LOG_IN)
    place = slug or _workspace(environ)
    key = (hashlib.sha256(header.encode("utf-8", "surrogateescape")).digest(), place)
    now = time.monotonic()
    known = _remembered.get(key)
    if known is not None and known[0] > now:
        return known[1]
    actor = _looked_up(environ, header, place)
    if len(_remembered) >= MOST_REMEMBERED:
        _remembered.clear()
    _remembered[key] = (now + REMEMBERED_SECONDS, actor)
    return actor


def forget(team: Team | None = None) -> None:
    """Look everybody up again; called when tokens or memberships change."""
    _remembered.clear()


def _workspace(environ: Environ) -> str | None:
    name: str = environ.get("HTTP_X_MLFLOW_WORKSPACE", "").strip()
    return name if name and name != DEFAULT_WORKSPACE else None


def _looked_up(environ: Environ, header: str, slug: str | None) -> Actor:
    request = WSGIRequest(environ)
    request.team_slug = slug  # type: ignore[attr-defined]
    try:
        return actor_of_header(request, header, via="mlflow")[0]
    except Unauthenticated as error:
        raise Unauthenticated(f"You are not authenticated. {error.message}") from error
