"""The middlewares of people's sessions, left out where a token speaks for the caller; settings.MIDDLEWARE names them.

`rest_authentication` asks the session only when there is no Authorization header.
"""

from typing import Any

from django.contrib.auth import SESSION_KEY
from django.contrib.auth.middleware import AuthenticationMiddleware
from django.contrib.messages.middleware import MessageMiddleware
from django.contrib.sessions.middleware import SessionMiddleware
from django.http import HttpRequest
from django.middleware.csrf import CsrfViewMiddleware
from django_htmx.middleware import HtmxMiddleware

from mlregistry.accounts.actions import sessions
from mlregistry.accounts.caller import address_of
from mlregistry.accounts.models import User

API = "/api/v1/"


class _ForPeople:
    """Before a middleware: lets requests of the native API that bring a token pass it."""

    get_response: Any

    def __call__(self, request: HttpRequest) -> Any:
        if is_by_token(request):
            return self.get_response(request)
        return super().__call__(request)  # type: ignore[misc]  # the base's answer has no type


def is_by_token(request: HttpRequest) -> bool:
    """Whether the caller is known by a token alone."""
    header = request.META.get("HTTP_AUTHORIZATION", "")
    return header[:7].lower() == "bearer " and request.path_info.startswith(API)


def note_sign_in(sender: type, request: HttpRequest | None, user: User, **_: Any) -> None:
    """Receives Django's signal of a sign-in."""
    if request is not None:
        _note(request)


class Sessions(_ForPeople, SessionMiddleware):
    """Notes who uses a session, once the answer is made; a request that asked for no session writes nothing."""

    def process_response(self, request: HttpRequest, response: Any) -> Any:
        if request.session.accessed:
            _note(request)
        return super().process_response(request, response)


class Csrf(_ForPeople, CsrfViewMiddleware):
    pass


class Authentication(_ForPeople, AuthenticationMiddleware):
    pass


class Messages(_ForPeople, MessageMiddleware):
    pass


class Htmx(_ForPeople, HtmxMiddleware):
    pass


def _note(request: HttpRequest) -> None:
    user_id, key = request.session.get(SESSION_KEY), request.session.session_key
    if user_id is not None and key is not None:
        agent = request.META.get("HTTP_USER_AGENT", "")
        sessions.note(key, int(user_id), address=address_of(request), user_agent=agent)
