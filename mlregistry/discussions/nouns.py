"""What may be talked about, watched and linked: each app above describes its nouns, settings.NOUNS names them.

Comments know a thing by kind and key (its primary key as text); people by its handle, which is in its address.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from django.conf import settings
from django.db.models import Model, QuerySet
from django.urls import get_script_prefix
from django.utils.module_loading import import_string

from mlregistry.accounts.access import LARGEST_ID
from mlregistry.accounts.actor import Actor
from mlregistry.accounts.models import User
from mlregistry.errors import Invalid, NotFound

LONGEST_HANDLE = 300
Found = dict[str, Any]


@dataclass(frozen=True)
class Standing:
    """What a card says of a thing beside its name: its state and its main figure, in words."""

    state: str = ""
    figure: str = ""


@dataclass(frozen=True)
class Noun:
    """`rows` are those that an actor may see; `by_handles` picks some of them, one query for all.

    `routes` says for each route that shows the thing what its handle is; `standings` takes rows of `rows` and
    answers by primary key, in a number of queries that does not grow with them.
    """

    kind: str
    model: str
    rows: Callable[[Actor], QuerySet[Any]]
    by_handles: Callable[[QuerySet[Any], Sequence[str]], Found]
    handle: Callable[[Any], str]
    address: Callable[[Any], str]
    routes: Mapping[str, Callable[[Mapping[str, Any]], str]]
    standings: Callable[[Sequence[Any]], Mapping[Any, Standing]] = field(default=lambda rows: {})
    name: Callable[[Any], str] = str
    word: str = ""  # how the kind reads in a sentence, where that differs


@dataclass(frozen=True)
class Thing:
    """One row of a noun, got through its `rows`."""

    noun: Noun
    row: Any

    @property
    def kind(self) -> str:
        return self.noun.kind

    @property
    def word(self) -> str:
        return self.noun.word or self.noun.kind

    @property
    def key(self) -> str:
        return str(self.row.pk)

    @property
    def handle(self) -> str:
        return self.noun.handle(self.row)

    @property
    def name(self) -> str:
        return self.noun.name(self.row)

    @property
    def address(self) -> str:
        return self.noun.address(self.row)

    @property
    def path(self) -> str:
        """The address without a team in front, as notices keep it."""
        return "/" + self.address.removeprefix(get_script_prefix())

    @property
    def maker(self) -> User | None:
        maker: User | None = self.row.created_by
        return maker


def nouns() -> Mapping[str, Noun]:
    """All of them by kind."""
    return _table(tuple(settings.NOUNS))


@cache
def _table(paths: tuple[str, ...]) -> Mapping[str, Noun]:
    found: list[Noun] = [import_string(path) for path in paths]
    return {noun.kind: noun for noun in found}


def noun(kind: str) -> Noun:
    """NotFound names the kinds there are."""
    found = nouns().get(kind)
    if found is None:
        raise NotFound(f"There is no kind “{kind[:40]}”; the kinds are {', '.join(nouns())}.", field="kind")
    return found


def of_row(row: Model) -> Thing:
    """A row that the caller got through access; Invalid when nobody can talk about its kind."""
    label = row._meta.label_lower
    for one in nouns().values():
        if one.model == label:
            return Thing(one, row)
    raise Invalid(f"{row._meta.verbose_name} cannot be discussed.", field="kind")


def thing(by: Actor, kind: str, handle: str) -> Thing:
    """What the actor may see under this kind and handle; NotFound otherwise."""
    of = noun(kind)
    row = of.by_handles(of.rows(by), [handle]).get(handle) if handle_fits(handle) else None
    if row is None:
        raise NotFound(f"There is no {kind} “{handle[:100]}” in {by.team.name}.", field="key")
    return Thing(of, row)


def thing_in_address(by: Actor, kind: str, key: str) -> Thing:
    """The same where a handle is one segment of an address: a colon, which no name holds, stands for its slash."""
    return thing(by, kind, "/".join(key.rpartition(":")[::2]) if ":" in key else key)


def thing_by_key(by: Actor, kind: str, key: str) -> Thing:
    """The same by primary key, as comments and watches keep it; NotFound when it is gone."""
    found = things_by_keys(by, [(kind, key)]).get((kind, key))
    if found is None:
        raise NotFound(f"This {kind} is not there any more.", field="key")
    return found


def things_by_keys(by: Actor, places: Iterable[tuple[str, str]]) -> dict[tuple[str, str], Thing]:
    """Those that the actor may see: one query for each kind among them."""
    wanted: dict[str, set[str]] = {}
    for kind, key in places:
        wanted.setdefault(kind, set()).add(key)
    found = {}
    for kind in [kind for kind in wanted if kind in nouns()]:
        of = nouns()[kind]
        for row in of.rows(by).filter(pk__in=wanted[kind]):
            found[kind, str(row.pk)] = Thing(of, row)
    return found


def handle_fits(handle: str) -> bool:
    return 0 < len(handle) <= LONGEST_HANDLE and "\x00" not in handle


def by_number(rows: QuerySet[Any], handles: Sequence[str]) -> Found:
    """For nouns whose handle is their number."""
    numbers = {int(handle): handle for handle in handles if is_number(handle)}
    return {numbers[row.pk]: row for row in rows.filter(pk__in=numbers)}


def by_name(rows: QuerySet[Any], handles: Sequence[str]) -> Found:
    """For nouns whose handle is their name, which is theirs alone in a team."""
    return {row.name: row for row in rows.filter(name__in=handles)}


def is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= 19 and int(text) <= LARGEST_ID
