"""Requests of sources to the web: through mlregistry.outgoing, with credentials and a file to write to."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from django.conf import settings

from mlregistry import outgoing
from mlregistry.errors import Invalid, Unavailable
from mlregistry.lib.http_urls import parse
from mlregistry.outgoing import Answer, Resolver, resolve_name

from .protocol import Ask, Setting

AUTH = ("none", "bearer", "basic", "header", "query")
CREDENTIALS = (
    Setting("auth", "Authentication", "How the secret below is sent.", choices=AUTH),
    Setting(
        "auth_name",
        "User, header or parameter",
        "The user for basic, the name of the header or of the query’s parameter for those.",
    ),
    Setting("secret", "Token or password", "Kept encrypted and never shown again.", secret=True),
)


def check_address(config: Mapping[str, str], *, secret: bool = False) -> None:
    """Invalid for a URL that is never asked, and for a way of authentication that lacks its name."""
    plain = config.get("auth", "none") == "none" or settings.SOURCES_OVER_HTTP
    parse(config["url"], allow_http=plain)
    if config.get("auth", "none") in ("basic", "header", "query") and not config.get("auth_name"):
        raise Invalid("This way of authentication needs a name.", field="auth_name")


def get(
    ask: Ask,
    url: str,
    *,
    headers: Mapping[str, str] | None = None,
    into: Path | None = None,
    max_bytes: int | None = None,
    resolve: Resolver = resolve_name,
) -> Answer:
    """Ask with the credentials of the source; other answers than success and 304 are Unavailable."""
    address, fields = with_credentials(ask, url)
    limit = max_bytes or ask.limits.max_bytes
    options = {
        "headers": {**fields, **(headers or {})},
        "timeout_seconds": ask.seconds_left(),
        "max_bytes": limit,
        "allow_http": ask.config.get("auth", "none") == "none" or settings.SOURCES_OVER_HTTP,
        "resolve": resolve,
    }
    if into is None:
        answer = outgoing.request("GET", address, **options)  # type: ignore[arg-type]  # the options are those of request
    else:
        with into.open("wb") as file:
            answer = outgoing.request("GET", address, into=file, **options)  # type: ignore[arg-type]  # the options are those of request
    if answer.status not in (200, 304):
        raise Unavailable(f"{urlsplit(url).hostname} answered with status {answer.status}.")
    return answer


def with_credentials(ask: Ask, url: str) -> tuple[str, dict[str, str]]:
    """The address and the headers that carry the secret."""
    way, name, secret = (
        ask.config.get("auth", "none"),
        ask.config.get("auth_name", ""),
        ask.secrets.get("secret", ""),
    )
    if way == "none":
        return url, {}
    if not secret:
        raise Invalid("The source has no secret; enter it again.", field="secret")
    if way == "bearer":
        return url, {"Authorization": f"Bearer {secret}"}
    if way == "basic":
        return url, {"Authorization": "Basic " + base64.b64encode(f"{name}:{secret}".encode()).decode()}
    return (url, {name: secret}) if way == "header" else (with_query(url, {name: secret}), {})


def with_query(url: str, values: Mapping[str, str]) -> str:
    """The URL with these parameters set."""
    parts = urlsplit(url)
    kept = [
        (name, value) for name, value in parse_qsl(parts.query, keep_blank_values=True) if name not in values
    ]
    return urlunsplit(parts._replace(query=urlencode([*kept, *values.items()])))


def same_origin(one: str, two: str) -> bool:
    first, second = urlsplit(one), urlsplit(two)
    return (first.scheme, first.hostname, first.port) == (second.scheme, second.hostname, second.port)
