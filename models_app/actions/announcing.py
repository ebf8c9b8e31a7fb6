"""Tells the team's webhooks of an event; called by actions of the registry inside their transaction."""

from typing import Any

from django.utils import timezone

from mlregistry.accounts.actor import Actor
from mlregistry.jobs.queue import enqueue
from models_app.actions.delivering import MOST_ATTEMPTS, body_of
from models_app.models import Webhook, WebhookDelivery, WebhookStatus
from models_app.webhook_events import EVENTS

JOB = "models_app.deliver_webhook"
MEMORY_MB = 512
TIMEOUT_SECONDS = 60


def announce(by: Actor, entity: str, action: str, payload: dict[str, Any]) -> None:
    """Queues one delivery for each active webhook of the event; sent once the transaction is committed.

    `payload` is MLflow's `data` of that event (`webhook_events.EVENTS` shows the keys). One query when
    nobody listens. KeyError for an event that is none.
    """
    event = f"{entity}.{action}"
    EVENTS[event]
    listening = Webhook.objects.filter(team=by.team, status=WebhookStatus.ACTIVE, events__contains=[event])
    webhooks = list(listening.only("id", "name"))
    if not webhooks:
        return
    body = body_of(event, payload, team_slug=by.team.slug, at=timezone.now())
    for webhook in webhooks:
        delivery = WebhookDelivery.objects.create(webhook=webhook, event=event, body=body)
        queue(delivery, by)


def queue(delivery: WebhookDelivery, by: Actor) -> None:
    """Sent on commit; by replays too."""
    # No team: the team's list of jobs is for its work; deliveries have a log of their own.
    enqueue(
        JOB,
        args={"delivery_id": str(delivery.pk)},
        team=None,
        title=f"Webhook {delivery.webhook.name}: {delivery.event}",
        memory_mb=MEMORY_MB,
        timeout_seconds=TIMEOUT_SECONDS,
        max_attempts=MOST_ATTEMPTS,
        by=by,
    )
