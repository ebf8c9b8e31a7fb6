"""The address of the client whose request this thread answers: `Caller` is a middleware, the audit trail asks."""

from collections.abc import Callable
from contextvars import ContextVar
from ipaddress import ip_address

from django.http import HttpRequest
from django.http.response import HttpResponseBase

_address: ContextVar[str | None] = ContextVar("caller_address", default=None)


class Caller:
    """Keeps the address for as long as the view runs."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        before = _address.set(address_of(request))
        try:
            return self.get_response(request)
        finally:
            _address.reset(before)


def address_of(request: HttpRequest) -> str | None:
    """The client's address as the server saw it; None over a Unix socket."""
    try:
        return str(ip_address(request.META.get("REMOTE_ADDR", "")))
    except ValueError:
        return None


def current_address() -> str | None:
    """None where no request is answered: in workers and commands."""
    return _address.get()
