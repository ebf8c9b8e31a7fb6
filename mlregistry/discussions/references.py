"""Finds in Markdown what is mentioned and linked: @names, short forms such as run:3f…, addresses of this server.

Only running text counts, never code. Called by prose (which draws cards in their place) and by actions (who is told).
"""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

from django.conf import settings
from django.urls import Resolver404, resolve
from markdown_it.token import Token

from mlregistry.discussions.nouns import LONGEST_HANDLE, nouns

MENTION = re.compile(r"(?<![\w@./+-])@([\w.+-]{1,150})")
SHORT = re.compile(r"(?<![\w:/#@.-])#?([a-z]{3,12})[:/]([\w.\-]{1,250}(?:/\d{1,9})?)")
BARE = re.compile(r"https?://[^\s<>\"'`\\^{}|]{3,1000}")
TEAM = re.compile(r"^/t/([a-z0-9-]{1,63})(/.*)$")
TAIL = ".,;:!?-)"
Place = tuple[str, str]
"""Kind and handle."""


@dataclass(frozen=True)
class Reading:
    """Whose text it is read for: the team's slug, and the hosts that are this server."""

    team: str
    hosts: frozenset[str] = frozenset()


def places(tokens: Iterable[Token], of: Reading) -> list[Place]:
    """Everything linked, in the order of the text, each once."""
    found: list[Place] = []
    for children in _inlines(tokens):
        for start, _, token in spans(children):
            if token.type == "link_open":
                place = of_address(str(token.attrs.get("href", "")), of)
                found += [place] if place else []
            elif start >= 0:
                found += [one for one, _ in in_text(token.content, of) if one]
    return list(dict.fromkeys(found))


def mentioned(tokens: Iterable[Token]) -> list[str]:
    """Every @name, with and without the full stop behind it; who is a member is for the caller to say."""
    found: list[str] = []
    for children in _inlines(tokens):
        for start, _, token in spans(children):
            if start >= 0 and token.type == "text":
                for match in MENTION.finditer(token.content):
                    found += dict.fromkeys((match[1], match[1].rstrip(TAIL)))
    return list(dict.fromkeys(name for name in found if name))


def spans(children: list[Token]) -> Iterator[tuple[int, int, Token]]:
    """(start, end, token): links from their opening to their close, and texts outside of links.

    What is neither has the start -1.
    """
    place = 0
    while place < len(children):
        token, end = children[place], place + 1
        if token.type == "link_open":
            while end < len(children) and children[end].type != "link_close":
                end += 1
            end = min(end + 1, len(children))
        yield (place if token.type in ("text", "link_open") else -1), end, token
        place = end


def in_text(text: str, of: Reading) -> Iterator[tuple[Place | None, tuple[int, int]]]:
    """Short forms and bare addresses in running text with where they stand; None for an address of elsewhere."""
    place = 0
    while place < len(text):
        bare, short = BARE.search(text, place), SHORT.search(text, place)
        match = min((one for one in (bare, short) if one), key=lambda one: one.start(), default=None)
        if match is None:
            return
        whole = match[0].rstrip(TAIL)
        where = (match.start(), match.start() + len(whole))
        if match is bare:
            yield of_address(whole, of), where
        elif match[1] in nouns():
            yield (match[1], whole[whole.index(match[1]) + len(match[1]) + 1 :]), where
        place = max(where[1], match.start() + 1) if match is bare or match[1] in nouns() else match.end(1)


def of_address(address: str, of: Reading) -> Place | None:
    """The noun and handle behind an address of this server in this team; None for all others."""
    try:
        parts = urlsplit(address)
    except ValueError:
        return None
    if parts.netloc and (parts.scheme not in ("http", "https") or parts.netloc.lower() not in _hosts(of)):
        return None
    path = parts.path
    if not path.startswith("/") or len(path) > LONGEST_HANDLE + 100:
        return None
    if team := TEAM.match(path):
        if team[1] != of.team:
            return None
        path = team[2]
    return _routed(path)


def _routed(path: str) -> Place | None:
    try:
        found = resolve(path)
    except Resolver404:
        return None
    for kind, noun in nouns().items():
        handle: Callable[..., str] | None = noun.routes.get(found.view_name)
        if handle is not None:
            return kind, handle(found.kwargs)
    return None


def _hosts(of: Reading) -> frozenset[str]:
    return of.hosts | {urlsplit(settings.PUBLIC_URL).netloc.lower()}


def _inlines(tokens: Iterable[Token]) -> Iterator[list[Token]]:
    for token in tokens:
        if token.type == "inline" and token.children:
            yield token.children
