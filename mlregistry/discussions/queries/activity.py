"""What happened in a team or to a thing: news lines of the audit trail with the comments they are about, by keyset."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from django.db.models import Q, QuerySet

from mlregistry.accounts.actor import Actor
from mlregistry.accounts.models import AuditEvent, User
from mlregistry.discussions import access
from mlregistry.discussions import activity_words as words
from mlregistry.discussions.models import Comment
from mlregistry.discussions.nouns import Thing, noun, nouns, thing, things_by_keys
from mlregistry.errors import Invalid

PAGE = 50
MOST = 200
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
LONGEST_QUOTE = 240


@dataclass(frozen=True)
class Line:
    """One event. `thing` is what it is about, when the actor can still see it; `quote` is the comment's text.

    `more` are the lines before it that say the same of others of its kind.
    """

    event: AuditEvent
    who: str
    verb: str
    thing: Thing | None
    quote: str
    comment_id: int | None
    is_bad: bool
    by_itself: bool
    more: tuple["Line", ...] = ()

    @property
    def address(self) -> str:
        if self.thing is None:
            return ""
        return f"{self.thing.address}#comment-{self.comment_id}" if self.comment_id else self.thing.address

    @property
    def name(self) -> str:
        return self.thing.name if self.thing else self.event.target_name

    @property
    def kind(self) -> str:
        return words.title(self.thing.kind if self.thing else self.event.target_type.rpartition(".")[2])


@dataclass(frozen=True)
class Feed:
    """Lines, the newest first; `older` asks for the next page, empty on the last."""

    lines: list[Line]
    older: str = ""


def feed(by: Actor, wanted: Mapping[str, str], *, older: str = "", limit: int = PAGE) -> Feed:
    """Filtered by `person` (a username), `group` (of GROUPS), `kind` of thing, and `thing` (its handle, with kind).

    A number of queries that does not grow with the lines.
    """
    rows = _filtered(by, wanted)
    if older:
        at, pk = _opened(older)
        rows = rows.filter(Q(at__lt=at) | Q(at=at, pk__lt=pk), at__lte=at)
    limit = min(limit, MOST)
    events = list(rows.order_by("-at", "-pk")[: limit + 1])
    more = _place(events[limit - 1]) if len(events) > limit else ""
    return Feed(lines(events[:limit], by), more)


def news(by: Actor) -> QuerySet[AuditEvent]:
    """The lines of the team's trail that every member may read; the others are for the audit log."""
    ends = Q(action="run.update", details__status__in=list(words.ENDS))
    plain = [action for action in words.ACTIONS if action != "run.update"]
    rows = AuditEvent.objects.filter(team=by.team).filter(Q(action__in=plain) | ends)
    return rows.select_related("user")


def lines(events: Iterable[AuditEvent], by: Actor) -> list[Line]:
    """With the things and the comments, read together."""
    events = list(events)
    kinds = {one.model: kind for kind, one in nouns().items()}
    places = {event.pk: (kinds.get(event.target_type, ""), event.target_id) for event in events}
    things = things_by_keys(by, [place for place in places.values() if place[0]])
    comments = _comments(events, by)
    return [_line(event, things.get(places[event.pk]), comments) for event in events]


def folded(newest_first: Iterable[Line]) -> list[Line]:
    """Neighbours that say the same as one line: a night of runs that finished leaves room for the rest."""
    found: list[Line] = []
    for line in newest_first:
        last = found[-1] if found else None
        if last and line.by_itself and _said(line) == _said(last):
            found[-1] = replace(last, more=(*last.more, line))
        else:
            found.append(line)
    return found


def _said(line: Line) -> tuple[bool, str, str]:
    return line.by_itself, line.kind, line.verb


def _line(event: AuditEvent, about: Thing | None, comments: Mapping[int, Comment]) -> Line:
    comment = comments.get(event.details.get("comment", 0))
    return Line(
        event=event,
        who=event.user.get_username() if event.user else "the server",
        verb=words.verb(event.action, event.details),
        thing=about,
        quote=" ".join(comment.text.split())[:LONGEST_QUOTE]
        if comment and event.action == "comment.create"
        else "",
        comment_id=comment.pk if comment else None,
        is_bad=words.is_bad(event.action, event.details),
        by_itself=event.action in words.BY_THEMSELVES,
    )


def _comments(events: Iterable[AuditEvent], by: Actor) -> dict[int, Comment]:
    """Deleted ones are not quoted."""
    keys = [event.details["comment"] for event in events if isinstance(event.details.get("comment"), int)]
    return access.comments(by).filter(deleted_at=None).in_bulk(keys) if keys else {}


def _filtered(by: Actor, wanted: Mapping[str, str]) -> QuerySet[AuditEvent]:
    rows = news(by)
    person, group, kind, handle = (
        wanted.get(name, "").strip() for name in ("person", "group", "kind", "thing")
    )
    if "\x00" in person:
        raise Invalid("Text may not contain NUL.", field="person")
    if person:
        # By number: joined by name, a person without lines made the database read the whole trail.
        rows = rows.filter(
            user_id=User.objects.filter(username=person).values_list("pk", flat=True).first() or 0
        )
    if group:
        if group not in words.GROUPS:
            raise Invalid(f"group must be one of {', '.join(words.GROUPS)}.", field="group")
        rows = rows.filter(action__in=words.actions_of(group))
    if handle and not kind:
        raise Invalid("Say of which kind the thing is.", field="kind")
    if kind:
        rows = rows.filter(target_type=noun(kind).model)
    return rows.filter(target_id=thing(by, kind, handle).key) if handle else rows


def _place(event: AuditEvent) -> str:
    return f"{(event.at - EPOCH) // timedelta(microseconds=1)}-{event.pk}"


def _opened(older: str) -> tuple[datetime, int]:
    micros, _, pk = older.partition("-")
    if not all(part.isascii() and part.isdigit() and len(part) <= 17 for part in (micros, pk)):
        raise Invalid("older must be what the page before gave.", field="older")
    return EPOCH + timedelta(microseconds=int(micros)), int(pk)
