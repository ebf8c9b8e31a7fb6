"""Writes the audit trail; every action calls `record` inside its transaction."""

from typing import Any

from django.db.models import Model

from mlregistry.accounts.actor import Actor
from mlregistry.accounts.caller import current_address
from mlregistry.accounts.models import AuditEvent


def record(by: Actor, action: str, target: Model, **details: Any) -> AuditEvent:
    """One line: `action` reads noun.verb, `details` must be JSON without secrets."""
    event = line(by, action, target, **details)
    event.save(force_insert=True)
    return event


def line(by: Actor, action: str, target: Model, **details: Any) -> AuditEvent:
    """The line unsaved, for actions that write it together with their rows."""
    return AuditEvent(
        team=by.team,
        user=by.user,
        action=action,
        target_type=target._meta.label_lower,
        target_id=str(target.pk),
        target_name=str(target)[:500],
        details=details,
        via=by.via,
        address=current_address(),
    )
