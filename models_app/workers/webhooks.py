"""The job models_app.deliver_webhook: one event to one webhook, tried again when the receiver is not well."""

from typing import Any

from mlregistry.jobs.context import JobContext
from models_app.actions.delivering import deliver as send
from models_app.actions.delivering import skip
from models_app.models import WebhookDelivery, WebhookStatus


def deliver(context: JobContext, *, delivery_id: str) -> dict[str, Any]:
    """At least once: a receiver recognises a repetition by its delivery id."""
    delivery = WebhookDelivery.objects.select_related("webhook").filter(pk=delivery_id).first()
    if delivery is None:
        return {"skipped": "The webhook was deleted."}
    if delivery.delivered_at is not None:
        return {"skipped": "It was delivered before."}
    if delivery.webhook.status != WebhookStatus.ACTIVE:
        skip(delivery)
        return {"skipped": "The webhook is disabled."}
    return {"status": send(delivery)}
