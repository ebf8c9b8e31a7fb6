"""Tells watchers what the audit trail says of their things. A chore of the scheduler: `tend`."""

from collections import defaultdict
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Max, Min
from django.utils import timezone

from mlregistry.accounts.actor import Actor
from mlregistry.accounts.models import AuditEvent, Team, User
from mlregistry.discussions import activity_words as words
from mlregistry.discussions.actions.telling import event_happened
from mlregistry.discussions.models import Watch, WatchCursor
from mlregistry.discussions.nouns import nouns
from mlregistry.discussions.queries.activity import Line, lines
from mlregistry.notices.models import Severity

SETTLED = timedelta(seconds=20)
"""Lines younger than this wait: one with a smaller number may still be in an open transaction."""
AT_ONCE = 2_000
QUIET_FOR_MAKERS = frozenset({"run.finish", "run.update"})
"""Who logs thousands of runs has not asked to be told of each end; who watches one has."""


def tend(now: datetime | None = None) -> int:
    """How many events were told; each once, however many schedulers run. The first time begins at the end."""
    now = now or timezone.now()
    with transaction.atomic():
        cursor, made = WatchCursor.objects.select_for_update().get_or_create(pk=1)
        if made:
            cursor.event_id = AuditEvent.objects.aggregate(last=Max("pk"))["last"] or 0
            cursor.save(update_fields=["event_id"])
            return 0
        rows = AuditEvent.objects.filter(pk__gt=cursor.event_id)
        young = rows.filter(at__gt=now - SETTLED).aggregate(first=Min("pk"))["first"]
        settled = rows if young is None else rows.filter(pk__lt=young)
        events = list(settled.order_by("pk").select_related("team", "user")[:AT_ONCE])
        n_told = sum(_tell(team, found) for team, found in _by_team(events).items())
        if events:
            cursor.event_id = events[-1].pk
            cursor.save(update_fields=["event_id"])
    return n_told


def _by_team(events: list[AuditEvent]) -> dict[Team, list[AuditEvent]]:
    found: dict[Team, list[AuditEvent]] = defaultdict(list)
    for event in events:
        if event.team is not None and event.action in words.TOLD_TO_WATCHERS and _is_end(event):
            found[event.team].append(event)
    return found


def _is_end(event: AuditEvent) -> bool:
    return event.action != "run.update" or event.details.get("status") in words.ENDS


def _tell(team: Team, events: list[AuditEvent]) -> int:
    """Whoever did it is not told; who made a thing watches it until they say otherwise."""
    by = Actor.system(team)
    found = [line for line in lines(events, by) if line.thing is not None]
    choices = _choices(team, found)
    members = User.objects.filter(memberships__team=team, is_active=True, is_service=False)
    n_told = 0
    for line in found:
        people = list(members.filter(pk__in=wanted)) if (wanted := _people(line, choices)) else []
        if line.thing is not None and people:
            severity = Severity.WARNING if line.is_bad else Severity.INFO
            event_happened(line.event.pk, sentence(line), line.thing, people, severity=severity, by=by)
            n_told += 1
    return n_told


def sentence(line: Line) -> str:
    """In plain text, for titles of notices."""
    what = f"{line.kind} {line.name}"
    return f"{what} {line.verb}" if line.by_itself else f"{line.who} {line.verb} {what}"


def _choices(team: Team, found: list[Line]) -> dict[tuple[str, str], dict[int, bool]]:
    """By thing, who said that they watch it or that they do not: one query for each kind."""
    keys: dict[str, set[str]] = defaultdict(set)
    for line in found:
        if line.thing is not None:
            keys[line.thing.kind].add(line.thing.key)
    choices: dict[tuple[str, str], dict[int, bool]] = defaultdict(dict)
    for kind in nouns():
        if keys[kind]:
            rows = Watch.objects.filter(team=team, kind=kind, key__in=keys[kind])
            for key, user, is_on in rows.values_list("key", "user_id", "is_on"):
                choices[kind, key][user] = is_on
    return choices


def _people(line: Line, choices: dict[tuple[str, str], dict[int, bool]]) -> set[int]:
    if line.thing is None:
        return set()
    chosen = choices[line.thing.kind, line.thing.key]
    people = {user for user, is_on in chosen.items() if is_on}
    maker = line.thing.row.created_by_id
    if maker is not None and maker not in chosen and line.event.action not in QUIET_FOR_MAKERS:
        people.add(maker)
    return people - {line.event.user_id}
