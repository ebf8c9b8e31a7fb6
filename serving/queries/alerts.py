"""Alert rules and their history for pages."""

from django.db.models import QuerySet

from mlregistry.accounts.actor import Actor
from serving import access
from serving.models import AlertEvent, AlertRule, AlertState, Endpoint

NEWEST = 100
FIRST = {AlertState.FIRING: 0, AlertState.NO_DATA: 1, AlertState.OK: 2}


def rules_of(by: Actor, endpoint: Endpoint | None = None) -> list[AlertRule]:
    """Of an endpoint or the whole team: firing ones first, then those without data; those switched off last."""
    rows = access.alert_rules(by)
    found = list(rows.filter(endpoint=endpoint) if endpoint else rows)
    return sorted(found, key=lambda rule: (not rule.is_active, FIRST[AlertState(rule.state)], rule.name))


def history_of(rule: AlertRule) -> list[AlertEvent]:
    """The newest hundred changes."""
    return list(events_of(rule).order_by("-at", "-pk")[:NEWEST])


def events_of(rule: AlertRule) -> QuerySet[AlertEvent]:
    """All changes of a rule that the actor has got through `access`."""
    return AlertEvent.objects.filter(rule=rule)
