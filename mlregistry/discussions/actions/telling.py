"""Tells members of comments and of what happens to things they watch, each as they chose. Actions call it.

All of it is notices in inboxes; who wants e-mail at once gets the notice mailed too, and digests read the inbox.
"""

from collections.abc import Iterable, Sequence

from mlregistry.accounts.actor import Actor
from mlregistry.accounts.models import User
from mlregistry.discussions.models import Comment, Manner, Telling
from mlregistry.discussions.nouns import Thing
from mlregistry.discussions.queries import watches
from mlregistry.notices.actions.mailing import mail_later
from mlregistry.notices.actions.notifying import notify
from mlregistry.notices.models import Severity

MENTIONED, WATCHED = "mentions", "watched"  # fields of Telling
COMMENT, MENTION, EVENT = "comment.new", "comment.mention", "watch.event"
KINDS = (COMMENT, MENTION, EVENT)
LONGEST_TEXT = 2_000


def mentioned(comment: Comment, thing: Thing, people: Sequence[User], *, by: Actor) -> None:
    """Those who were not told of this comment yet."""
    title = f"{_name(comment.author)} mentioned you on {thing.word} {thing.name}"
    _tell(
        MENTION, title, people, MENTIONED, key=f"{MENTION}:{comment.pk}:{len(comment.told)}", text=comment.text,
        link=_link(comment, thing), by=by,
    )  # fmt: skip


def comment_written(comment: Comment, thing: Thing, *, told_already: Iterable[User], by: Actor) -> None:
    """Everybody who watches, but not its author and not whom it mentions."""
    out = {user.pk for user in told_already} | {comment.author_id}
    people = [user for user in watches.watchers(thing, by) if user.pk not in out]
    what = "replied" if comment.parent_id else "commented"
    title = f"{_name(comment.author)} {what} on {thing.word} {thing.name}"
    _tell(
        COMMENT, title, people, WATCHED, key=f"{COMMENT}:{comment.pk}", text=comment.text,
        link=_link(comment, thing), by=by,
    )  # fmt: skip


def event_happened(
    event_id: int,
    title: str,
    thing: Thing,
    people: Sequence[User],
    *,
    severity: str = Severity.INFO,
    by: Actor,
) -> None:
    """Something that the audit trail tells of a watched thing."""
    _tell(
        EVENT, title, people, WATCHED, key=f"{EVENT}:{event_id}", text="", link=thing.path, severity=severity,
        by=by,
    )  # fmt: skip


def _tell(
    kind: str, title: str, people: Sequence[User], choice: str, *, key: str, text: str, link: str,
    severity: str = Severity.INFO, by: Actor,
) -> None:  # fmt: skip
    chosen = dict(Telling.objects.filter(user__in=people).values_list("user_id", choice))
    told = [user for user in people if chosen.get(user.pk, Manner.INBOX) != Manner.OFF]
    if not told:
        return
    notice = notify(
        kind, title, key=key, text=text[:LONGEST_TEXT], link=link, severity=severity, users=told, by=by
    )
    if notice is None:
        return
    for user in told:
        if chosen.get(user.pk) == Manner.EMAIL and user.email:
            mail_later(notice, user)


def _link(comment: Comment, thing: Thing) -> str:
    return f"{thing.path}#comment-{comment.pk}"


def _name(user: User | None) -> str:
    return user.get_full_name() or user.get_username() if user else "Somebody"
