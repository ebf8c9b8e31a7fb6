"""Who calls the REST APIs: a token, a name and password, or the session of the web pages.

REST framework calls TokenOrSession for each request; other doors may call `actor_of_header`.
"""

import base64
import binascii
from typing import Any

from django.http import HttpRequest
from rest_framework.authentication import BaseAuthentication, CSRFCheck
from rest_framework.request import Request

from mlregistry.accounts.actor import Actor
from mlregistry.accounts.models import ApiToken, User
from mlregistry.accounts.passwords import check_password
from mlregistry.accounts.queries import actors
from mlregistry.errors import Forbidden, Unauthenticated

HOW_TO = "Send “Authorization: Bearer <token>”; tokens are made on the page “API tokens”."


class TokenOrSession(BaseAuthentication):
    """Sets `actor` and `token` (None without one) on Django's request; 401s say what to do."""

    def authenticate(self, request: Request) -> tuple[User, ApiToken | None] | None:
        inner = request._request
        header = inner.META.get("HTTP_AUTHORIZATION", "").strip()
        actor, token = actor_of_header(inner, header) if header else (_actor_of_session(inner), None)
        if actor is None or actor.user is None:
            return None
        inner.actor = actor  # type: ignore[attr-defined]  # an attribute of ours
        inner.token = token  # type: ignore[attr-defined]  # an attribute of ours
        return actor.user, token

    def authenticate_header(self, request: Request) -> str:
        return 'Bearer realm="mlregistry"'


def actor_of_header(request: HttpRequest, header: str, *, via: str = "api") -> tuple[Actor, ApiToken | None]:
    """The actor of a Bearer or Basic header; Unauthenticated, TooMany, or NotFound for a foreign team."""
    scheme, _, value = header.partition(" ")
    slug: str | None = getattr(request, "team_slug", None)
    if scheme.lower() == "bearer" and value.strip():
        return _by_token(value.strip(), slug, via)
    if scheme.lower() == "basic":
        username, password = _basic(value.strip())
        for secret in (password, username):
            if actors.known_token(secret) is not None:
                return _by_token(secret, slug, via)
        return actors.for_user(check_password(request, username, password), slug, via=via), None
    raise Unauthenticated(f"This Authorization header cannot be used. {HOW_TO}")


def _by_token(secret: str, slug: str | None, via: str) -> tuple[Actor, ApiToken]:
    """The MLflow door holds a token of one run to that run; no other door takes it."""
    token = actors.token_row(secret)
    if token.only_run is not None and via != "mlflow":
        raise Forbidden("This token is for one run and the MLflow client alone.")
    return actors.for_token_row(token, slug, via=via), token


def _basic(value: str) -> tuple[str, str]:
    try:
        text = base64.b64decode(value, validate=True).decode("utf-8")
    except (binascii.Error, ValueError):
        raise Unauthenticated(f"The Basic credentials cannot be decoded. {HOW_TO}") from None
    username, _, password = text.partition(":")
    return username, password


def _actor_of_session(request: HttpRequest) -> Actor | None:
    """The signed-in user of the web pages; a change must carry the page's CSRF token."""
    user: Any = getattr(request, "user", None)
    if not isinstance(user, User) or not user.is_active:
        return None
    _check_csrf(request)
    return actors.for_user(user, getattr(request, "team_slug", None), via="api")


def _check_csrf(request: HttpRequest) -> None:
    check = CSRFCheck(lambda _: None)  # type: ignore[arg-type]  # Django's check wants a next view and never calls it
    check.process_request(request)
    reason = check.process_view(request, None, (), {})  # type: ignore[arg-type]  # no view is asked, only the check
    if reason:
        raise Forbidden(
            "The CSRF token is missing or wrong. Send the header X-CSRFToken, or a token of the API."
        )
