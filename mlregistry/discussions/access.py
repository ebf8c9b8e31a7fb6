"""The only way to comments, watches and write-ups: those of the team, NotFound otherwise."""

from django.db.models import Q, QuerySet

from mlregistry.accounts.access import one_of
from mlregistry.accounts.actor import Actor
from mlregistry.accounts.models import User
from mlregistry.discussions.models import Comment, Watch, WriteUp, WriteUpVersion
from mlregistry.discussions.nouns import Thing, thing_by_key
from mlregistry.errors import NotFound

LARGEST_NUMBER = 2**31 - 1


def comments(by: Actor) -> QuerySet[Comment]:
    return Comment.objects.filter(team=by.team).select_related("author", "parent", "resolved_by", "team")


def comment(by: Actor, comment_id: int) -> Comment:
    """Of a thing that the actor may see; a deleted one only for whoever may bring it back."""
    found = one_of(comments(by), comment_id, "comment", by.team.name, field="comment")
    thing_of(by, found)
    return found


def thing_of(by: Actor, row: Comment | Watch) -> Thing:
    """What a comment or watch is about; NotFound when it is gone."""
    return thing_by_key(by, row.kind, row.key)


def of_thing(thing: Thing, by: Actor) -> QuerySet[Comment]:
    return comments(by).filter(kind=thing.kind, key=thing.key)


def comment_on(thing: Thing, comment_id: int, by: Actor) -> Comment:
    return one_of(of_thing(thing, by), comment_id, "comment", by.team.name, field="from")


def watches(by: Actor) -> QuerySet[Watch]:
    """The actor's own in this team; the server itself has none."""
    return Watch.objects.filter(team=by.team, user=by.user)


def members(by: Actor) -> QuerySet[User]:
    """People who can be mentioned and told: open accounts of the team, no service accounts."""
    rows = User.objects.filter(memberships__team=by.team, is_active=True, is_service=False)
    return rows.order_by("username")


def members_like(by: Actor, beginning: str) -> QuerySet[User]:
    """Those whose username or name begins so."""
    begins = (
        Q(username__istartswith=beginning)
        | Q(first_name__istartswith=beginning)
        | Q(last_name__istartswith=beginning)
    )
    return members(by).filter(begins)


def writeups(by: Actor, *, deleted: bool = False) -> QuerySet[WriteUp]:
    return WriteUp.objects.filter(team=by.team, deleted_at__isnull=not deleted).select_related("created_by")


def writeup(by: Actor, writeup_id: int, *, deleted: bool = False) -> WriteUp:
    return one_of(writeups(by, deleted=deleted), writeup_id, "write-up", by.team.name, field="writeup")


def versions(of: WriteUp, by: Actor) -> QuerySet[WriteUpVersion]:
    rows = WriteUpVersion.objects.filter(writeup=of, writeup__team=by.team)
    return rows.select_related("author").order_by("-number")


def version(of: WriteUp, number: int, by: Actor) -> WriteUpVersion:
    found = versions(of, by).filter(number=number).first() if number <= LARGEST_NUMBER else None
    if found is None:
        raise NotFound(f"“{of.title}” has no version {number}.", field="version")
    return found
