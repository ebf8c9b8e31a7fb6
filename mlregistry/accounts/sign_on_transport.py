"""Lets allauth ask the identity provider through `mlregistry.outgoing`, as all that leaves this server does."""

from typing import Any

import requests  # noqa: TID251 - its objects are what allauth wants; nothing is sent by it
from requests.adapters import BaseAdapter  # noqa: TID251  # as above
from requests.structures import CaseInsensitiveDict  # noqa: TID251  # as above

from mlregistry import outgoing

SECONDS = 10.0
MOST_BYTES = 1_000_000


def session(*, over_http: bool) -> requests.Session:
    """Its requests go out by our rules: public addresses or allowed networks, no redirects, a time limit."""
    made = requests.Session()
    made.trust_env = False  # no proxy and no .netrc of the machine
    made.max_redirects = 0
    for scheme in ("https://", "http://"):
        made.mount(scheme, _Outgoing(over_http))
    return made


class _Outgoing(BaseAdapter):
    def __init__(self, over_http: bool) -> None:
        super().__init__()
        self._over_http = over_http

    def send(self, request: Any, *args: Any, **options: Any) -> requests.Response:
        body = request.body.encode() if isinstance(request.body, str) else request.body
        answer = outgoing.request(
            request.method,
            request.url,
            headers={name: str(value) for name, value in request.headers.items() if name != "Content-Length"},
            body=body,
            timeout_seconds=SECONDS,
            max_bytes=MOST_BYTES,
            allow_http=self._over_http,
            redirects=0,
        )
        response = requests.Response()
        response.status_code = answer.status
        response.headers = CaseInsensitiveDict(answer.headers)
        response.url, response.request = request.url, request
        response._content = answer.body
        return response

    def close(self) -> None:
        """Nothing is kept open."""
