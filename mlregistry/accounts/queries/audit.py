"""The audit trail, filtered as people ask it; the page and the API call this."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from django.db.models import QuerySet
from django.utils import timezone
from django.utils.dateparse import parse_date, parse_datetime

from mlregistry.accounts import access
from mlregistry.accounts.actor import Actor
from mlregistry.accounts.models import AuditEvent
from mlregistry.errors import Invalid

FILTERS = {
    "action": "action__startswith",
    "user": "user__username",
    "target_type": "target_type",
    "target_id": "target_id",
    "target": "target_name__icontains",
    "via": "via",
}


def filtered(by: Actor, wanted: Mapping[str, str]) -> QuerySet[AuditEvent]:
    """Lines of the actor's team that match all of FILTERS, `since` and `until` (times, or whole days)."""
    rows = access.audit_events(by)
    for name, lookup in FILTERS.items():
        value = wanted.get(name, "").strip()
        if "\x00" in value:
            raise Invalid("Text may not contain NUL.", field=name)
        if value:
            rows = rows.filter(**{lookup: value})
    since, until = _moment(wanted, "since"), _moment(wanted, "until", end_of_day=True)
    if since is not None:
        rows = rows.filter(at__gte=since)
    if until is not None:
        rows = rows.filter(at__lt=until)
    return rows


def _moment(wanted: Mapping[str, str], name: str, *, end_of_day: bool = False) -> datetime | None:
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
    return moment if timezone.is_aware(moment) else timezone.make_aware(moment)
