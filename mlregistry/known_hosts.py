"""Django's CommonMiddleware with a memory of hosts; settings.MIDDLEWARE names it."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.middleware.common import CommonMiddleware

MOST_KNOWN = 64  # a pattern among the allowed hosts may fit any number of names


class KnownHosts(CommonMiddleware):
    """Compares each name of this server with the allowed ones once, as these stay the same while a process runs."""

    async_capable = False

    def __init__(self, get_response: Any) -> None:
        super().__init__(get_response)
        self._known: set[str | None] = set()
        # With one of these the answer depends on more than the name that a request was sent to.
        self._remembers = not (
            settings.DISALLOWED_USER_AGENTS or settings.PREPEND_WWW or settings.USE_X_FORWARDED_HOST
        )

    def __call__(self, request: HttpRequest) -> Any:
        name = request.META.get("HTTP_HOST")
        if name not in self._known:
            refused = self.process_request(request)
            if refused is not None:
                return refused
            if name is not None and self._remembers and len(self._known) < MOST_KNOWN:
                self._known.add(name)
        return self.process_response(request, self.get_response(request))

    def process_response(self, request: HttpRequest, response: Any) -> HttpResponseBase:
        """Django's, without its look through the letters of a constant."""
        if response.status_code == 404 or response.streaming:
            return super().process_response(request, response)
        length = str(len(response.content))
        response.headers._store.setdefault("content-length", ("Content-Length", length))
        return response  # type: ignore[no-any-return]  # any of Django's answers
