"""URLs that the server may be asked to call, taken apart strictly. Called by `mlregistry.outgoing`;
addresses of repositories lose their credentials here."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import quote, urlsplit

from mlregistry.errors import Invalid

LONGEST_URL = 8_000
PORTS = {"http": 80, "https": 443}
UNFIT = re.compile(r"[\x00-\x20\x7f\\]")
HOST = re.compile(r"[A-Za-z0-9_.-]{1,253}|[0-9A-Fa-f:.]{2,45}")
PATH_SIGNS = "/%:@!$&'()*+,;=~"
CREDENTIALS = re.compile(r"\A([A-Za-z][A-Za-z0-9+.-]*://)[^/?#]*@")


@dataclass(frozen=True)
class Target:
    """A URL that may be asked: `authority` is the Host header, `path` carries the query."""

    scheme: str
    host: str
    port: int
    authority: str
    path: str


def parse(url: str, *, allow_http: bool = False) -> Target:
    """The parts of the URL, or Invalid; no name is looked up."""
    if len(url) > LONGEST_URL or UNFIT.search(url):
        raise Invalid("The URL is too long, or has blanks or control characters.", field="url")
    try:
        parts = urlsplit(url)
        host, port = _ascii(parts.hostname or ""), parts.port
    except ValueError as error:
        raise Invalid("This is no URL.", field="url") from error
    if parts.scheme not in (("http", "https") if allow_http else ("https",)):
        raise Invalid(f"The URL must begin with https://{' or http://' * allow_http}.", field="url")
    if "@" in parts.netloc:
        raise Invalid("The URL may not carry a user or password.", field="url")
    if not HOST.fullmatch(host) or port == 0:
        raise Invalid("The URL needs the name of a host.", field="url")
    port = port or PORTS[parts.scheme]
    shown = f"[{host}]" if ":" in host else host
    authority = shown if port == PORTS[parts.scheme] else f"{shown}:{port}"
    query = f"?{quote(parts.query, safe=PATH_SIGNS + '?[]')}" if parts.query else ""
    return Target(parts.scheme, host, port, authority, quote(parts.path or "/", safe=PATH_SIGNS) + query)


def without_credentials(address: str) -> str:
    """The address of a repository without user and password; anything else as it is."""
    return CREDENTIALS.sub(r"\1", address)


def _ascii(host: str) -> str:
    return host if host.isascii() else host.encode("idna").decode("ascii")
