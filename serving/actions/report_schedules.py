"""When an endpoint's reports are made, and whom they are told. Called by every door."""

from collections.abc import Iterable
from datetime import datetime

from django.db import transaction
from django.utils import timezone

from mlregistry.accounts.actor import Actor
from mlregistry.accounts.audit import record
from mlregistry.accounts.models import Role
from mlregistry.errors import Invalid
from mlregistry.notices.actions.choosing import usable
from mlregistry.notices.models import Channel
from serving.models import Endpoint, ReportSchedule, Rhythm
from serving.report_periods import BEGINS, next_due


def schedule_reports(
    endpoint: Endpoint,
    *,
    rhythm: str = Rhythm.WEEKLY,
    hour: int = 6,
    enabled: bool = True,
    channels: Iterable[Channel] | None = None,
    now: datetime | None = None,
    by: Actor,
) -> ReportSchedule:
    """Takes the place of what was declared; the first report is of the period under way. Without `channels` it is told
    to the members' inboxes."""
    by.require(Role.EDITOR)
    if rhythm not in BEGINS:
        raise Invalid(f"rhythm is one of: {', '.join(BEGINS)}.", field="rhythm")
    if not 0 <= hour <= 23:
        raise Invalid("hour lies between 0 and 23.", field="hour")
    chosen = usable(by, channels, who="A report")
    due = next_due(rhythm, now or timezone.now(), hour=hour)
    with transaction.atomic():
        values = {"rhythm": rhythm, "hour": hour, "enabled": enabled, "next_at": due}
        found, _ = ReportSchedule.objects.update_or_create(endpoint=endpoint, defaults=values)
        found.channels.set(chosen)
        names = sorted(channel.name for channel in chosen)
        record(by, "report.schedule", endpoint, rhythm=rhythm, hour=hour, enabled=enabled, channels=names)
    return found
