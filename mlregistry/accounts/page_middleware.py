"""The middlewares of people's sessions, left out where a token speaks for the caller; settings.MIDDLEWARE names them.

`rest_authentication` asks the session only when there is no Authorization header.
"""

from typing import Any

from django.contrib.auth.middleware import AuthenticationMiddleware
from django.contrib.messages.middleware import MessageMiddleware
from django.contrib.sessions.middleware import SessionMiddleware
from django.http import HttpRequest
from django.middleware.csrf import CsrfViewMiddleware
from django_htmx.middleware import HtmxMiddleware

API = "/api/v1/"


class _ForPeople:
    """Before a middleware: lets requests of the native API that bring a token pass it."""

    get_response: Any

    def __call__(self, request: HttpRequest) -> Any:
        if is_by_token(request):
            return self.get_response(request)
        return super().__call__(request)  # type: ignore[misc]


def is_by_token(request: HttpRequest) -> bool:
    """Whether the caller is known by a token alone."""
    header = request.META.get("HTTP_AUTHORIZATION", "")
    return header[:7].lower() == "bearer " and request.path_info.startswith(API)


class Sessions(_ForPeople, SessionMiddleware):
    pass


class Csrf(_ForPeople, CsrfViewMiddleware):
    pass


class Authentication(_ForPeople, AuthenticationMiddleware):
    pass


class Messages(_ForPeople, MessageMiddleware):
    pass


class Htmx(_ForPeople, HtmxMiddleware):
    pass
