"""Comments: write, edit, delete, bring back, resolve, reopen. Every member may; each change is audited."""

from datetime import datetime

from django.db import transaction
from django.utils import timezone

from mlregistry.accounts.actor import Actor
from mlregistry.accounts.audit import record
from mlregistry.accounts.models import Role, User
from mlregistry.discussions import access, prose
from mlregistry.discussions.actions import limits, telling
from mlregistry.discussions.actions.watches import watch_by_itself
from mlregistry.discussions.allowances import UNDONE_WITHIN
from mlregistry.discussions.models import Comment
from mlregistry.discussions.nouns import Thing
from mlregistry.errors import Conflict, Forbidden, Invalid
from mlregistry.lib.names import clean_text


def write_comment(
    thing: Thing, text: str, *, parent: Comment | None = None, now: datetime | None = None, by: Actor
) -> Comment:
    """On a thing that the caller got through access; a reply to a reply hangs on the same thread."""
    author, now = _person(by), now or timezone.now()
    text = _checked(text)
    root = _root(thing, parent)
    with transaction.atomic():
        User.objects.select_for_update().get(pk=author.pk)  # two requests at once count each other
        limits.refuse_flood(author, now)
        _refuse_full(thing, root, by)
        comment = Comment.objects.create(
            team=by.team, kind=thing.kind, key=thing.key, parent=root, text=text, author=author, created_at=now,
            changed_at=now,
        )  # fmt: skip
        if root is not None and root.resolved_at is not None:
            _mark_resolved(root, None, now)
        record(by, "comment.create", thing.row, comment=comment.pk)
        watch_by_itself(thing, [author], by=by)
        mentioned = _mention(comment, thing, author, now, by)
        telling.comment_written(comment, thing, told_already=mentioned, by=by)
    return comment


def edit_comment(comment: Comment, text: str, *, now: datetime | None = None, by: Actor) -> Comment:
    """By its author; people whom the new text mentions for the first time are told."""
    author, now = _person(by), now or timezone.now()
    _refuse_deleted(comment)
    if comment.author_id != author.pk:
        raise Forbidden("Only its author edits a comment.")
    text = _checked(text)
    if text == comment.text:
        return comment
    thing = access.thing_of(by, comment)
    with transaction.atomic():
        User.objects.select_for_update().get(pk=author.pk)
        comment.text, comment.edited_at, comment.changed_at = text, now, now
        comment.save(update_fields=["text", "edited_at", "changed_at"])
        record(by, "comment.edit", thing.row, comment=comment.pk)
        _mention(comment, thing, author, now, by)
    return comment


def delete_comment(comment: Comment, *, now: datetime | None = None, by: Actor) -> Comment:
    """By its author or an owner; it can be brought back for a day, then its text is forgotten."""
    _refuse_deleted(comment)
    _author_or(Role.OWNER, comment, by, "Only its author or an owner deletes a comment.")
    now = now or timezone.now()
    comment.deleted_at, comment.deleted_by, comment.changed_at = now, by.user, now
    return _saved(comment, "comment.delete", ["deleted_at", "deleted_by"], by)


def restore_comment(comment: Comment, *, now: datetime | None = None, by: Actor) -> Comment:
    """By whoever deleted it, or an owner, within a day."""
    now = now or timezone.now()
    if comment.deleted_at is None:
        raise Conflict("This comment is not deleted.")
    if not (by.user is not None and comment.deleted_by_id == by.user.pk) and by.role < Role.OWNER:
        raise Forbidden("Only who deleted a comment, or an owner, brings it back.")
    if now - comment.deleted_at > UNDONE_WITHIN:
        raise Conflict("A comment can be brought back for a day after it was deleted; this one is gone.")
    comment.deleted_at, comment.deleted_by, comment.changed_at = None, None, now
    return _saved(comment, "comment.restore", ["deleted_at", "deleted_by"], by)


def resolve_thread(
    comment: Comment, *, is_resolved: bool = True, now: datetime | None = None, by: Actor
) -> Comment:
    """The whole thread, by who began it or an editor; a reply reopens it by itself."""
    root = comment.parent or comment
    _refuse_deleted(root)
    _author_or(Role.EDITOR, root, by, "Only who began a thread, or an editor, resolves and reopens it.")
    if (root.resolved_at is not None) == is_resolved:
        return root
    with transaction.atomic():
        _mark_resolved(root, by.user if is_resolved else None, now or timezone.now(), is_resolved=is_resolved)
        action = "comment.resolve" if is_resolved else "comment.reopen"
        record(by, action, access.thing_of(by, root).row, comment=root.pk)
    return root


def _mark_resolved(root: Comment, user: User | None, now: datetime, *, is_resolved: bool = False) -> None:
    root.resolved_at, root.resolved_by, root.changed_at = now if is_resolved else None, user, now
    root.save(update_fields=["resolved_at", "resolved_by", "changed_at"])


def _mention(comment: Comment, thing: Thing, author: User, now: datetime, by: Actor) -> list[User]:
    """Tells those whom the text mentions and who were not told of it yet; they watch from now on."""
    names = prose.mentioned(comment.text, by)
    if len(names) > limits.MOST_MENTIONED:
        raise Invalid(f"Mention at most {limits.MOST_MENTIONED} people in a comment.", field="text")
    people = [user for user in access.members(by).filter(username__in=names) if user.pk != author.pk]
    fresh = [user for user in people if user.pk not in comment.told]
    if fresh:
        limits.refuse_spam(author, len(fresh), now)
        comment.told = [*comment.told, *(user.pk for user in fresh)]
        comment.save(update_fields=["told"])
        watch_by_itself(thing, fresh, by=by)
        telling.mentioned(comment, thing, fresh, by=by)
    return people


def _saved(comment: Comment, action: str, fields: list[str], by: Actor) -> Comment:
    with transaction.atomic():
        comment.save(update_fields=[*fields, "changed_at"])
        record(by, action, access.thing_of(by, comment).row, comment=comment.pk)
    return comment


def _root(thing: Thing, parent: Comment | None) -> Comment | None:
    root = parent.parent or parent if parent is not None else None
    if root is None:
        return None
    if (root.kind, root.key) != (thing.kind, thing.key):
        raise Invalid("A reply belongs to a comment on the same thing.", field="parent")
    if parent is not None and parent.deleted_at is not None:
        raise Conflict("The comment that you answer was deleted.", field="parent")
    return root


def _refuse_full(thing: Thing, root: Comment | None, by: Actor) -> None:
    if root is not None and root.replies.count() >= limits.MOST_REPLIES:
        raise Conflict(f"This thread has {limits.MOST_REPLIES} replies; begin a new one.", field="parent")
    if root is None and access.of_thing(thing, by).filter(parent=None).count() >= limits.MOST_THREADS:
        raise Conflict(
            f"This {thing.kind} has {limits.MOST_THREADS} threads; answer in one of them.", field="text"
        )


def _checked(text: str) -> str:
    text = clean_text(text, field="text", max_length=limits.LONGEST_TEXT).replace("\r\n", "\n").strip()
    if not text:
        raise Invalid("A comment may not be empty.", field="text")
    return text


def _person(by: Actor) -> User:
    if by.user is None:
        raise Forbidden("Only people write comments.")
    return by.user


def _author_or(role: Role, comment: Comment, by: Actor, why: str) -> None:
    if by.user is not None and comment.author_id == by.user.pk:
        return
    if by.role < role:
        raise Forbidden(why)


def _refuse_deleted(comment: Comment) -> None:
    if comment.deleted_at is not None:
        raise Conflict("This comment was deleted.")
