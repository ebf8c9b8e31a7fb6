"""The comments on a thing as threads, and whether they changed since somebody looked. For pages and the API."""

import hashlib
from collections import defaultdict
from dataclasses import dataclass, field

from django.db.models import Count, Max, Q
from django.utils import timezone

from mlregistry.accounts.actor import Actor
from mlregistry.accounts.models import Role
from mlregistry.discussions import access
from mlregistry.discussions.allowances import UNDONE_WITHIN
from mlregistry.discussions.models import Comment
from mlregistry.discussions.nouns import Thing

MOST_THREADS = 50
MOST_REPLIES = 100


@dataclass
class Shown:
    """A comment, with what the actor may do with it."""

    comment: Comment
    is_mine: bool
    may_delete: bool
    may_restore: bool


@dataclass
class Thread:
    """The first comment and its replies, the oldest first; `n_more` replies are older than those shown."""

    first: Shown
    replies: list[Shown] = field(default_factory=list)
    n_more: int = 0
    may_resolve: bool = False

    @property
    def is_resolved(self) -> bool:
        return self.first.comment.resolved_at is not None


@dataclass(frozen=True)
class Threads:
    """The newest threads, the oldest of them first; `n` counts the comments that are not deleted."""

    threads: list[Thread]
    n: int
    n_more: int


def threads(thing: Thing, by: Actor, *, limit: int = MOST_THREADS) -> Threads:
    """Four queries, whatever their number. A deleted comment stays while replies hang on it or it can come back."""
    rows = access.of_thing(thing, by)
    firsts = rows.filter(parent=None)
    newest = list(firsts.order_by("-created_at", "-pk")[:limit])[::-1]
    replies = _replies(newest, by)
    found = []
    for first in newest:
        own = [_shown(one, by) for one in replies[first.pk]]
        visible = [one for one in own if one.comment.deleted_at is None or one.may_restore]
        shown = _shown(first, by)
        if first.deleted_at is not None and not shown.may_restore and not visible:
            continue
        thread = Thread(shown, visible[-MOST_REPLIES:], max(0, len(visible) - MOST_REPLIES))
        thread.may_resolve = first.deleted_at is None and (shown.is_mine or by.role >= Role.EDITOR)
        found.append(thread)
    counts = rows.aggregate(
        n=Count("pk", filter=Q(deleted_at=None)), n_firsts=Count("pk", filter=Q(parent=None))
    )
    return Threads(found, counts["n"], max(0, counts["n_firsts"] - limit))


def state(thing: Thing, by: Actor) -> str:
    """Changes with every change of the comments on the thing; one query down an index."""
    rows = Comment.objects.filter(team=by.team, kind=thing.kind, key=thing.key)
    found = rows.aggregate(n=Count("pk"), last=Max("changed_at"))
    text = f"{found['n']} {found['last']} {by.user.pk if by.user else 0} {by.role}"
    return hashlib.sha256(text.encode()).hexdigest()[:20]


def _replies(firsts: list[Comment], by: Actor) -> dict[int, list[Comment]]:
    found: dict[int, list[Comment]] = defaultdict(list)
    rows = access.comments(by).filter(parent__in=[first.pk for first in firsts])
    for reply in rows.order_by("created_at", "pk"):
        found[reply.parent_id or 0].append(reply)
    return found


def _shown(comment: Comment, by: Actor) -> Shown:
    is_mine = by.user is not None and comment.author_id == by.user.pk
    mine_to_restore = by.user is not None and comment.deleted_by_id == by.user.pk
    is_recent = comment.deleted_at is not None and timezone.now() - comment.deleted_at <= UNDONE_WITHIN
    return Shown(
        comment,
        is_mine,
        may_delete=comment.deleted_at is None and (is_mine or by.role >= Role.OWNER),
        may_restore=is_recent and (mine_to_restore or by.role >= Role.OWNER),
    )
