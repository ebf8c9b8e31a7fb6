"""The middlewares of people's sessions, and the one that lets those pass by them for whom a token speaks;
settings.MIDDLEWARE names them.

`rest_authentication` asks the session only when there is no Authorization header.
"""

from typing import Any

from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.middleware import SessionMiddleware
from django.http import HttpRequest

from mlregistry.accounts.actions import sessions
from mlregistry.accounts.caller import address_of
from mlregistry.accounts.models import User

API = ("/api/v1/", "/v2/")


class TokensPass:
    """Before the middlewares of pages: a request of the API that brings a token goes straight to its view.

    All those stay in the chain of a page; what must hold for every answer stands above this one.
    """

    def __init__(self, get_response: Any) -> None:
        self.get_response = get_response
        self._to_view = _innermost(get_response)

    def __call__(self, request: HttpRequest) -> Any:
        return self._to_view(request) if is_by_token(request) else self.get_response(request)


def is_by_token(request: HttpRequest) -> bool:
    """Whether the caller is known by a token alone."""
    header = request.META.get("HTTP_AUTHORIZATION", "")
    return header[:7].lower() == "bearer " and request.path_info.startswith(API)


def _innermost(handler: Any) -> Any:
    """What a chain ends in, each link of which Django has wrapped for its exceptions."""
    while (inside := getattr(getattr(handler, "__wrapped__", None), "get_response", None)) is not None:
        handler = inside
    return handler


def note_sign_in(sender: type, request: HttpRequest | None, user: User, **_: Any) -> None:
    """Receives Django's signal of a sign-in."""
    if request is not None:
        _note(request)


class Sessions(SessionMiddleware):
    """Notes who uses a session, once the answer is made; a request that asked for no session writes nothing."""

    def process_response(self, request: HttpRequest, response: Any) -> Any:
        if request.session.accessed:
            _note(request)
        return super().process_response(request, response)


def _note(request: HttpRequest) -> None:
    user_id, key = request.session.get(SESSION_KEY), request.session.session_key
    if user_id is not None and key is not None:
        agent = request.META.get("HTTP_USER_AGENT", "")
        sessions.note(key, int(user_id), address=address_of(request), user_agent=agent)
