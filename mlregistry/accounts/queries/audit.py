"""The audit trail, filtered as people ask it, page by page; the page, the CSV and the API call this.

Every filter has an index that begins with the team, so that a page costs the same with a million lines.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from ipaddress import ip_address
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import connection
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.dateparse import parse_date, parse_datetime

from mlregistry.accounts import access
from mlregistry.accounts.actor import Actor
from mlregistry.accounts.models import AuditEvent, User
from mlregistry.errors import Invalid
from mlregistry.lib import page_tokens

FILTERS = {
    "action": "action__startswith",
    "user": "user",
    "target_type": "target_type",
    "target_id": "target_id",
    "target": "target_name__istartswith",
    "via": "via",
    "address": "address",
}
NEWEST_FIRST = ("-at", "-pk")
CSV_BATCH = 2_000
MOST_ACTIONS = 300
KEY = settings.SECRET_KEY.encode()
# Each different value is one step in the index, however many lines it has.
KINDS = """
WITH RECURSIVE known AS (
    (SELECT target_type AS kind FROM accounts_auditevent ORDER BY target_type LIMIT 1)
    UNION ALL
    SELECT (SELECT target_type FROM accounts_auditevent WHERE target_type > known.kind ORDER BY target_type LIMIT 1)
    FROM known WHERE known.kind IS NOT NULL
)
SELECT kind FROM known WHERE kind IS NOT NULL LIMIT %(most)s
"""
ACTIONS = """
WITH RECURSIVE known AS (
    (SELECT action FROM accounts_auditevent WHERE team_id = %(team)s ORDER BY action USING ~<~ LIMIT 1)
    UNION ALL
    SELECT (SELECT action FROM accounts_auditevent WHERE team_id = %(team)s AND action ~>~ known.action
            ORDER BY action USING ~<~ LIMIT 1)
    FROM known WHERE known.action IS NOT NULL
)
SELECT action FROM known WHERE action IS NOT NULL LIMIT %(most)s
"""


@dataclass(frozen=True)
class AuditPage:
    """`older` continues the list, None at its end."""

    lines: list[AuditEvent]
    older: str | None


def filtered(by: Actor, wanted: Mapping[str, str]) -> QuerySet[AuditEvent]:
    """Lines of the actor's team that match all of FILTERS, `since` and `until` (times, or whole days)."""
    rows = access.audit_events(by)
    for name, lookup in FILTERS.items():
        value = wanted.get(name, "").strip()
        if "\x00" in value:
            raise Invalid("Text may not contain NUL.", field=name)
        if value:
            rows = rows.filter(**{lookup: _of(name, value)})
    zone = _zone(by)
    since, until = _moment(wanted, "since", zone), _moment(wanted, "until", zone, end_of_day=True)
    if since is not None:
        rows = rows.filter(at__gte=since)
    if until is not None:
        rows = rows.filter(at__lt=until)
    return rows


def one_page(by: Actor, wanted: Mapping[str, str], *, size: int, token: str = "") -> AuditPage:
    """The newest `size` lines, or those after the page that gave the token."""
    query = {"team": by.team.pk, **{name: value for name, value in wanted.items() if value}}
    rows = filtered(by, wanted)
    if token:
        at, pk = page_tokens.opened(token, query=query, key=KEY)
        rows = _after(rows, datetime.fromisoformat(at), pk)
    found = list(rows.order_by(*NEWEST_FIRST)[: size + 1])
    lines = found[:size]
    last = lines[-1] if len(found) > size else None
    return AuditPage(
        lines, page_tokens.seal([last.at.isoformat(), last.pk], query=query, key=KEY) if last else None
    )


def batches(by: Actor, wanted: Mapping[str, str], *, most: int) -> Iterator[list[AuditEvent]]:
    """Up to `most` lines, newest first, in batches of their own queries: none is held open, and memory stays flat."""
    matching, rows = filtered(by, wanted), filtered(by, wanted)
    left = most
    while left > 0:
        batch = list(rows.order_by(*NEWEST_FIRST)[: min(CSV_BATCH, left)])
        if batch:
            yield batch
        if len(batch) < CSV_BATCH:
            return
        left -= len(batch)
        rows = _after(matching, batch[-1].at, batch[-1].pk)


def actions_of(by: Actor) -> list[str]:
    """What the team's trail knows of, in the order of the alphabet."""
    return _words(ACTIONS, team=by.team.pk)


def kinds() -> list[str]:
    """The kinds of things that any trail of this server knows of, such as experiments.run."""
    return _words(KINDS)


def _words(statement: str, **values: Any) -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute(statement, {"most": MOST_ACTIONS, **values})
        return [str(row[0]) for row in cursor.fetchall()]


def _after(rows: QuerySet[AuditEvent], at: datetime, pk: int) -> QuerySet[AuditEvent]:
    """What is older than a line: the first condition is the index's, the second breaks ties."""
    return rows.filter(at__lte=at).filter(Q(at__lt=at) | Q(pk__lt=pk))


def _of(name: str, value: str) -> Any:
    """The value as its column wants it; who and what is unknown matches nothing."""
    if name == "user":
        return User.objects.filter(username=value[:150]).values_list("pk", flat=True).first() or 0
    if name == "address":
        try:
            return str(ip_address(value))
        except ValueError as error:
            message = f"“{value[:60]}” is no network address. Write it like 192.0.2.7 or 2001:db8::7."
            raise Invalid(message, field="address") from error
    return value


def _zone(by: Actor) -> tzinfo:
    """Where the person's days begin; UTC for programs and for people who chose none."""
    chosen = by.user.time_zone if by.user is not None and by.via == "web" else ""
    return ZoneInfo(chosen) if chosen else UTC


def _moment(
    wanted: Mapping[str, str], name: str, zone: tzinfo, *, end_of_day: bool = False
) -> datetime | None:
    value = wanted.get(name, "").strip()
    if not value:
        return None
    try:
        day = parse_date(value)
        moment = parse_datetime(value) if day is None else datetime(day.year, day.month, day.day)
        if moment is not None and day is not None and end_of_day:
            moment += timedelta(days=1)
    except (ValueError, OverflowError):
        moment = None
    if moment is None:
        raise Invalid(f"{name} must look like 2026-01-31 or 2026-01-31T12:00:00Z.", field=name)
    return moment if timezone.is_aware(moment) else timezone.make_aware(moment, zone)
