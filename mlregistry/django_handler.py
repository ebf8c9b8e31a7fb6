"""Django's WSGI handler as this server runs it; `wsgi` makes one for the process."""

from collections.abc import Callable
from typing import Any

from django.core.handlers.wsgi import WSGIHandler
from django.db import close_old_connections, connections
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import get_resolver
from django.utils.functional import cached_property

from mlregistry.routes import Remembered


class Handler(WSGIHandler):
    """Hands an answer that is whole to the server in one piece, and asks the memory of addresses itself.

    It looks after the connections, too, which Django does by signals that look for them each time.
    """

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Any:
        """What a WSGI server sends: a list of one piece, or an answer that is sent while it is made."""
        held = connections.all(initialized_only=True)
        for one in held:
            one.close_if_unusable_or_obsolete()
        answer = super().__call__(environ, start_response)
        if not isinstance(answer, HttpResponse):  # the server closes it
            return answer
        body = [answer.content]
        answer.close()
        for one in held:
            one.close_if_unusable_or_obsolete()
        return body

    def get_response(self, request: HttpRequest) -> HttpResponseBase:
        response: HttpResponseBase = super().get_response(request)
        if response.streaming:
            response._resource_closers.append(close_old_connections)  # type: ignore[attr-defined]  # as Django's own
        return response

    def resolve_request(self, request: HttpRequest) -> Any:
        """View, positional and named values; another table than that of the settings is left to Django's root."""
        table, path = self._table, request.path_info
        if table is None or path[:1] != "/" or hasattr(request, "urlconf"):
            return super().resolve_request(request)
        found = request.resolver_match = table.match_of_its_own(path[1:])
        return found.func, found.args, found.kwargs

    @cached_property
    def _table(self) -> Remembered | None:
        """All routes of the process, when they are kept as one that remembers."""
        patterns = get_resolver().url_patterns
        return patterns[0] if len(patterns) == 1 and isinstance(patterns[0], Remembered) else None
