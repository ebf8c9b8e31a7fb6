"""The kinds of sources by name. Called by actions and pages; the next kind is one more line here."""

from __future__ import annotations

from mlregistry.errors import Invalid

from .bucket import Bucket
from .http_api import HttpApi
from .mqtt import Mqtt
from .protocol import Kind
from .sql import Sql
from .url import Url
from .web_page import WebPage

KINDS: dict[str, Kind] = {kind.name: kind for kind in (Url(), Sql(), HttpApi(), WebPage(), Bucket(), Mqtt())}
STREAMS = frozenset({Mqtt.name})
"""Whose rows wait to become a version like those sent over HTTP; `actions.subscriptions` refreshes them."""


def kind_of(name: str) -> Kind:
    """Invalid for one that is not known."""
    found = KINDS.get(name)
    if found is None:
        raise Invalid(f"{name[:40]!r} is no kind of source; known: {', '.join(KINDS)}.", field="kind")
    return found
