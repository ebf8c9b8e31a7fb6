"""A thin WSGI door for predictions in front of Django; all else, and every doubt, goes on to Django.

`mlregistry.wsgi` wraps the application with it. The answers equal those of `serving.api.invocations`.
"""

import io
import re
from collections.abc import Callable, Iterable
from functools import lru_cache
from http import HTTPStatus
from typing import Any

from serving import live_routing
from serving.environs import ASKED, Environ, read_headers
from serving.hotpath.inference import Inference
from serving.hotpath.protocols import SCORING, Wording
from serving.hotpath.snapshot import Address
from serving.hotpath.wire import MAX_BYTES

LONGEST_PATH = 1024  # of an address that is remembered: thousands are
StartResponse = Callable[..., Any]
Application = Callable[[Environ, StartResponse], Iterable[bytes]]
PATH = re.compile(
    r"(?:/t/(?P<team>[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?))?"
    r"/(?:(?:api/v1/)?endpoints/(?P<endpoint>[^/]+)/invocations"
    r"|v2/models/(?P<model>[^/]+)(?:/versions/(?P<version>[0-9]{1,9}))?/infer)"
)
STATUS_LINES = {status.value: f"{status.value} {status.phrase}" for status in HTTPStatus}


def fast_door(application: Application) -> Application:
    """The application with predictions answered before Django sees them."""

    def door(environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        routing = live_routing.here()
        path = environ.get("PATH_INFO", "")
        asked = _asked(path) if environ["REQUEST_METHOD"] == "POST" and len(path) <= LONGEST_PATH else None
        if not routing.is_answering:
            # Any request starts the threads, so what a killed process left in the log is shipped soon.
            routing.start(wait=asked is not None)
        body = _body(environ) if asked is not None and "HTTP_AUTHORIZATION" in environ else None
        if asked is None or body is None:
            return application(environ, start_response)
        found = routing.answer_at_once(asked[0], body, read_headers(environ), asked[1])
        if found is None:
            return application({**environ, ASKED: True, "wsgi.input": io.BytesIO(body)}, start_response)
        status, headers, answer = found
        start_response(STATUS_LINES[status], [*headers.items(), ("Content-Length", str(len(answer)))])
        return [answer]

    return door


@lru_cache(maxsize=4096)
def _asked(path: str) -> tuple[Address, Wording] | None:
    """Which endpoint, and in which protocol; None for what is no prediction."""
    found = PATH.fullmatch(path)
    if found is None:
        return None
    try:
        name = (found["endpoint"] or found["model"]).encode("latin-1").decode("utf-8")
    except UnicodeError:
        return None
    if found["endpoint"]:
        return Address(found["team"], name), SCORING
    return Address(found["team"], name), Inference(int(found["version"]) if found["version"] else None)


def _body(environ: Environ) -> bytes | None:
    """The body, or at most one byte more than a request may have; None where Django shall decide."""
    length = environ.get("CONTENT_LENGTH", "")
    if not length.isascii() or not length.isdigit() or int(length) > MAX_BYTES:
        return None
    return bytes(environ["wsgi.input"].read(int(length)))
