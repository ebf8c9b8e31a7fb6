"""Who watches a thing, and what somebody watches. For buttons, pages and whoever tells the watchers."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Q

from mlregistry.accounts.actor import Actor
from mlregistry.accounts.models import User
from mlregistry.discussions import access
from mlregistry.discussions.models import Watch
from mlregistry.discussions.nouns import Thing, things_by_keys

MOST_SHOWN = 200


@dataclass(frozen=True)
class Watching:
    """How many watch, and whether the actor does."""

    n: int
    mine: bool


def watchers(thing: Thing, by: Actor) -> list[User]:
    """Members who watch it: by hand, by having said something or been named, or by having made it."""
    rows = Watch.objects.filter(team=by.team, kind=thing.kind, key=thing.key)
    choices = dict(rows.values_list("user_id", "is_on"))
    wanted = Q(pk__in=[user for user, is_on in choices.items() if is_on])
    if thing.maker is not None and thing.maker.pk not in choices:
        wanted |= Q(pk=thing.maker.pk)
    return list(access.members(by).filter(wanted))


def watching(thing: Thing, by: Actor) -> Watching:
    people = {user.pk for user in watchers(thing, by)}
    return Watching(len(people), by.user is not None and by.user.pk in people)


def watched(by: Actor) -> list[tuple[Watch, Thing]]:
    """What the actor watches and may still see, the newest 200."""
    rows = list(access.watches(by).filter(is_on=True).order_by("-at", "-pk")[:MOST_SHOWN])
    return with_things(rows, by)


def with_things(rows: Iterable[Watch], by: Actor) -> list[tuple[Watch, Thing]]:
    """Each with what it is about: one query for each kind; what is gone is left out."""
    rows = list(rows)
    things = things_by_keys(by, [(row.kind, row.key) for row in rows])
    return [(row, things[row.kind, row.key]) for row in rows if (row.kind, row.key) in things]
