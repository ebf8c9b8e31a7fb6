"""Watch and stop watching a thing. It is everybody's own choice, so it leaves no line in the audit trail."""

from collections.abc import Iterable

from mlregistry.accounts.actor import Actor
from mlregistry.accounts.models import User
from mlregistry.discussions.models import Watch
from mlregistry.discussions.nouns import Thing
from mlregistry.errors import Conflict, Forbidden

MOST_WATCHED = 5_000


def set_watching(thing: Thing, is_on: bool, *, by: Actor) -> Watch:
    """By hand; it holds against what is done by itself."""
    if by.user is None:
        raise Forbidden("Only people watch things.")
    if is_on and Watch.objects.filter(user=by.user, team=by.team, is_on=True).count() >= MOST_WATCHED:
        raise Conflict(f"You watch {MOST_WATCHED} things; stop watching some of them first.")
    return Watch.objects.update_or_create(
        team=by.team, kind=thing.kind, key=thing.key, user=by.user, defaults={"is_on": is_on}
    )[0]


def watch_by_itself(thing: Thing, people: Iterable[User], *, by: Actor) -> None:
    """Who commented or was mentioned watches from then on, unless they stopped it by hand before."""
    Watch.objects.bulk_create(
        [Watch(team=by.team, kind=thing.kind, key=thing.key, user=user) for user in people],
        ignore_conflicts=True,
    )
