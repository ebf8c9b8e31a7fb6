"""The comments on a thing as threads, and whether they changed since somebody looked. For pages and the API."""

import hashlib
from collections import defaultdict
from dataclasses import dataclass, field

from django.db.models import Count, Max, Q, QuerySet
from django.utils import timezone

from mlregistry.accounts.actor import Actor
from mlregistry.accounts.models import Role
from mlregistry.discussions import access
from mlregistry.discussions.allowances import UNDONE_WITHIN
from mlregistry.discussions.models import Comment
from mlregistry.discussions.nouns import Thing

MOST_THREADS = 20
MOST_REPLIES = 250  # of all threads together


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
    """A page of threads, the oldest of them first; `n` counts the comments on the thing that are not deleted.

    `n_more` threads are older; `next` is the first comment of the newest of them.
    """

    threads: list[Thread]
    n: int
    n_more: int
    next: int | None


def threads(thing: Thing, by: Actor, *, begin: Comment | None = None) -> Threads:
    """The newest threads, or those from the thread of the comment `begin` on back; four queries, whatever their number.

    A deleted comment stays while replies hang on it or it can come back.
    """
    rows = access.of_thing(thing, by)
    is_first = Q(parent=None) & _not_newer(begin)
    found = list(rows.filter(is_first).order_by("-created_at", "-pk")[: MOST_THREADS + 1])
    newest, older = found[:MOST_THREADS][::-1], found[MOST_THREADS:]
    replies = rows.filter(parent__in=[first.pk for first in newest])
    shown = _shown_replies(replies, by)
    n_replies = dict(
        replies.filter(deleted_at=None).values("parent").annotate(n=Count("pk")).values_list("parent", "n")
    )
    made = [_thread(first, shown[first.pk], n_replies.get(first.pk, 0), by) for first in newest]
    counts = rows.aggregate(n=Count("pk", filter=Q(deleted_at=None)), n_firsts=Count("pk", filter=is_first))
    return Threads(
        [thread for thread in made if thread is not None],
        counts["n"],
        max(0, counts["n_firsts"] - MOST_THREADS),
        older[0].pk if older else None,
    )


def state(thing: Thing, by: Actor) -> str:
    """Changes with every change of the comments on the thing; one query down an index."""
    rows = Comment.objects.filter(team=by.team, kind=thing.kind, key=thing.key)
    found = rows.aggregate(n=Count("pk"), last=Max("changed_at"))
    text = f"{found['n']} {found['last']} {by.user.pk if by.user else 0} {by.role}"
    return hashlib.sha256(text.encode()).hexdigest()[:20]


def _not_newer(begin: Comment | None) -> Q:
    if begin is None:
        return Q()
    first = begin.parent or begin
    return Q(created_at__lt=first.created_at) | Q(created_at=first.created_at, pk__lte=first.pk)


def _thread(comment: Comment, replies: list[Shown], n_replies: int, by: Actor) -> Thread | None:
    """None when nothing of it is to be seen any more."""
    first = _shown(comment, by)
    if comment.deleted_at is not None and not first.may_restore and not n_replies and not replies:
        return None
    n_alive = sum(one.comment.deleted_at is None for one in replies)
    may_resolve = comment.deleted_at is None and (first.is_mine or by.role >= Role.EDITOR)
    return Thread(first, replies, n_replies - n_alive, may_resolve)


def _shown_replies(replies: QuerySet[Comment], by: Actor) -> dict[int, list[Shown]]:
    """The newest of all threads by their first comment, the oldest first."""
    found: dict[int, list[Shown]] = defaultdict(list)
    for reply in list(replies.order_by("-created_at", "-pk")[:MOST_REPLIES])[::-1]:
        one = _shown(reply, by)
        if reply.deleted_at is None or one.may_restore:
            found[reply.parent_id or 0].append(one)
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
