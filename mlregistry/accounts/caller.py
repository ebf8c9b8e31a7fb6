"""The address of the client whose request this thread answers: `Caller` is a middleware, the audit trail asks."""

from collections.abc import Callable
from contextvars import ContextVar
from ipaddress import ip_address

from django.http import HttpRequest
from django.http.response import HttpResponseBase

_sent_from: ContextVar[str] = ContextVar("sent_from", default="")  # as the server wrote it


class Caller:
    """Keeps the address for as long as the view runs."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        before = _sent_from.set(request.META.get("REMOTE_ADDR", ""))
        try:
            return self.get_response(request)
        finally:
            _sent_from.reset(before)


def address_of(request: HttpRequest) -> str | None:
    """The client's address as the server saw it; None over a Unix socket."""
    return _read(request.META.get("REMOTE_ADDR", ""))


def current_address() -> str | None:
    """None where no request is answered: in workers and commands."""
    return _read(_sent_from.get())


def _read(sent_from: str) -> str | None:
    try:
        return str(ip_address(sent_from))
    except ValueError:
        return None
