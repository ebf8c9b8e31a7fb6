"""Finds what a person names, over all apps: each entry of settings.FINDERS looks for one kind of thing of the team.

The dialog of every page, the page “Search” and the REST API call `find`.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypeVar

from django.conf import settings
from django.db.models import Model, QuerySet
from django.utils.module_loading import import_string

from mlregistry.accounts.actor import Actor
from mlregistry.discussions.nouns import Noun
from mlregistry.errors import Invalid

LONGEST = 200
MOST_WORDS = 8
OF_A_KIND = 6
MOST = 30
SEPARATORS = re.compile(r"[\W_]+")
LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)
Row = TypeVar("Row", bound=Model)


@dataclass(frozen=True)
class Asked:
    """What was typed: `text` in lower case, its `words` as they stand between blanks; both empty for the newest."""

    text: str
    words: tuple[str, ...]

    @property
    def lexemes(self) -> list[str]:
        """Its letters and digits only, as PostgreSQL's full text has them."""
        return [word for word in SEPARATORS.split(self.text) if word][:MOST_WORDS]


@dataclass(frozen=True)
class Found:
    """One thing: `at` says how recent it is, `rank` goes before how well it fits."""

    kind: str
    title: str
    address: str
    detail: str = ""
    at: datetime | None = None
    rank: int | None = None


Finder = Callable[[Actor, Asked], Iterable[Found]]


def find(by: Actor, text: str) -> list[Found]:
    """At most MOST things, what fits best first; for an empty text the newest. One statement for each kind."""
    asked = read(text)
    every = [one for name in settings.FINDERS for one in import_string(name)(by, asked)]
    if not asked.words:
        dated = [one for one in every if one.at is not None]
        newest = sorted(dated, key=lambda one: one.at or LONG_AGO, reverse=True)[:OF_A_KIND]
        return newest + [one for one in every if one.at is None]
    return sorted(every, key=lambda one: _order(one, asked))[:MOST]


def read(text: str) -> Asked:
    if len(text) > LONGEST:
        raise Invalid(f"A search has at most {LONGEST} characters; this one has {len(text):,}.", field="q")
    lower = text.replace("\0", " ").strip().lower()
    return Asked(lower, tuple(lower.split()[:MOST_WORDS]))


def found(
    noun: Noun, row: Any, detail: str = "", at: datetime | None = None, rank: int | None = None
) -> Found:
    """A row of a noun, under its name and address."""
    return Found(noun.kind, noun.name(row), noun.address(row), detail, at, rank)


def named(rows: "QuerySet[Row]", words: Iterable[str], *, field: str = "name") -> "QuerySet[Row]":
    """Those whose name contains each of the words: for tables of which a team has thousands at most."""
    for word in words:
        rows = rows.filter(**{f"{field}__icontains": word})
    return rows


def _order(one: Found, asked: Asked) -> tuple[int, float]:
    return (_fit(one, asked) if one.rank is None else one.rank), -(one.at or LONG_AGO).timestamp()


def _fit(one: Found, asked: Asked) -> int:
    """0 for the very name, then its beginning, the beginning of a word in it, anything else."""
    title = one.title.lower()
    if title == asked.text:
        return 0
    if title.startswith(asked.text):
        return 1
    beginnings = SEPARATORS.split(title)
    return 2 if all(any(b.startswith(w) for b in beginnings) for w in asked.lexemes) else 3
