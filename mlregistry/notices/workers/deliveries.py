"""The job notices.deliver: one attempt to send one message; the action queues the next attempt itself."""

from typing import Any

from django.utils import timezone

from mlregistry.jobs.context import JobContext
from mlregistry.notices.actions.delivering import attempt
from mlregistry.notices.models import Delivery


def deliver(context: JobContext, *, delivery_id: int) -> dict[str, Any]:
    """At least once: a receiver recognises a repetition by the message's id."""
    rows = Delivery.objects.select_related("channel__team", "notice__team")
    delivery = rows.filter(pk=delivery_id).first()
    if delivery is None:
        return {"skipped": "The channel was deleted."}
    delivery = attempt(delivery, now=timezone.now())
    return {"state": delivery.state, "status": delivery.status_code}
