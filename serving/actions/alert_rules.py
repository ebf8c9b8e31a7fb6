"""Alert rules of an endpoint: create, update, pause, delete."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import datetime

from django.db import IntegrityError, transaction
from django.utils import timezone

from mlregistry.accounts.actions import deletions
from mlregistry.accounts.actor import Actor
from mlregistry.accounts.audit import record
from mlregistry.accounts.models import KeptDeletion, Role
from mlregistry.errors import AlreadyExists, Conflict
from mlregistry.notices.actions.choosing import usable
from mlregistry.notices.models import Channel
from serving.actions.alert_declarations import Declaration, checked, declaration_of
from serving.models import AlertEvent, AlertRule, AlertState, Endpoint

MOST_RULES = 100
ASIDE = (
    "name",
    "severity",
    "tells_recovery",
    "tells_no_data",
    "cooldown_seconds",
)  # what leaves the state as it is


def create_alert_rule(
    endpoint: Endpoint,
    wanted: Declaration,
    *,
    channels: Iterable[Channel] | None = None,
    now: datetime | None = None,
    by: Actor,
) -> AlertRule:
    """Looked at from now on. Without `channels` it speaks through the members' inboxes."""
    by.require(Role.EDITOR)
    wanted, now = checked(endpoint, wanted), now or timezone.now()
    if AlertRule.objects.filter(endpoint=endpoint).count() >= MOST_RULES:
        raise Conflict(f"An endpoint has at most {MOST_RULES} alert rules; delete one first.")
    with _unique(wanted.name):
        rule = AlertRule.objects.create(
            endpoint=endpoint, created_by=by.user, state_since=now, look_at=now, **asdict(wanted)
        )
        rule.channels.set(usable(by, channels, who="A rule"))
        record(by, "alert_rule.create", rule, endpoint=endpoint.name, **_words(wanted))
    return rule


def update_alert_rule(
    rule: AlertRule,
    wanted: Declaration,
    *,
    channels: Iterable[Channel] | None = None,
    is_active: bool | None = None,
    now: datetime | None = None,
    by: Actor,
) -> AlertRule:
    """What it measures changed, or it was switched off or on: its state begins anew, and nobody is told so."""
    by.require(Role.EDITOR)
    wanted, now = checked(rule.endpoint, wanted), now or timezone.now()
    with _unique(wanted.name):
        rule = (
            AlertRule.objects.select_for_update(of=("self",)).select_related("endpoint__team").get(pk=rule.pk)
        )
        changed = {name: value for name, value in asdict(wanted).items() if getattr(rule, name) != value}
        for name, value in changed.items():
            setattr(rule, name, value)
        if is_active is not None and is_active != rule.is_active:
            rule.is_active = is_active
            _begin_anew(rule, now, f"switched {'on' if is_active else 'off'}")
        elif set(changed) - set(ASIDE):
            _begin_anew(rule, now, "changed")
        rule.save()
        if channels is not None:
            rule.channels.set(usable(by, channels, who="A rule"))
        details = {"endpoint": rule.endpoint.name, "fields": sorted(changed), "active": rule.is_active}
        record(by, "alert_rule.update", rule, **details)
    return rule


def switch_alert_rule(rule: AlertRule, is_active: bool, *, by: Actor) -> AlertRule:
    """A rule that is off is not looked at."""
    return update_alert_rule(rule, declaration_of(rule), is_active=is_active, by=by)


def delete_alert_rule(rule: AlertRule, *, by: Actor) -> KeptDeletion | None:
    """With its history."""
    by.require(Role.EDITOR)
    with transaction.atomic():
        record(by, "alert_rule.delete", rule, endpoint=rule.endpoint.name)
        return deletions.delete(rule, "alert rule", by=by)


def _begin_anew(rule: AlertRule, now: datetime, why: str) -> None:
    if rule.state != AlertState.NO_DATA:
        AlertEvent.objects.create(
            rule=rule, at=now, former=rule.state, state=AlertState.NO_DATA, text=f"The rule was {why}."
        )
    rule.state, rule.state_since, rule.look_at = AlertState.NO_DATA, now, now
    rule.n_broken = rule.n_well = rule.n_empty = rule.n_observed = 0
    rule.is_told, rule.told_at, rule.value, rule.error = False, None, None, ""


def _words(wanted: Declaration) -> dict[str, object]:
    return {"figure": wanted.figure, "comparison": wanted.comparison, "threshold": wanted.threshold}


@contextmanager
def _unique(name: str) -> Iterator[None]:
    """A transaction in which a name that is taken is said to be so."""
    try:
        with transaction.atomic():
            yield
    except IntegrityError as error:
        raise AlreadyExists(
            f"This endpoint has an alert rule named “{name}” already.", field="name"
        ) from error
