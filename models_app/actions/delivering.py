"""Sends bodies to webhooks, signed as MLflow signs them. Called by the worker and by test_webhook.

The signature is HMAC-SHA256 over delivery id, time and body, as in the Standard Webhooks specification.
"""

import json
import time
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone

from mlregistry.errors import MlregistryError, Unavailable
from mlregistry.notices import posting, signing
from mlregistry.notices.models import DeliveryState
from mlregistry.outgoing import Answer
from mlregistry.secrets_at_rest import unseal
from models_app.models import Webhook, WebhookDelivery

PURPOSE = "webhook secret"
KEPT = timedelta(days=30)
MOST_ATTEMPTS = 5
LONGEST_ANSWER = 500
OUTCOME = ("attempts", "seconds", "status_code", "answer", "error", "state", "delivered_at")


def deliver(delivery: WebhookDelivery) -> int:
    """Send it once and write down what came of it; the status that the receiver answered.

    Raises Unavailable when a later attempt may succeed, Invalid when it would fail the same way.
    """
    began = time.perf_counter()
    answer, failure = _sent(delivery)
    delivery.attempts += 1
    delivery.seconds = time.perf_counter() - began
    delivery.status_code = answer.status if answer else None
    delivery.answer = _text(answer)[:LONGEST_ANSWER] if answer else ""
    delivery.error = failure.message if failure else ""
    delivery.state = _state(delivery, failure)
    delivery.delivered_at = None if failure else timezone.now()
    _write(delivery, OUTCOME)
    if failure is not None or answer is None:
        raise failure or Unavailable("No answer came.")
    _forget_old(delivery.webhook)
    return answer.status


def _write(delivery: WebhookDelivery, fields: Sequence[str]) -> None:
    """Nothing where the webhook was deleted meanwhile."""
    values = {field: getattr(delivery, field) for field in fields}
    WebhookDelivery.objects.filter(pk=delivery.pk).update(**values)


def _sent(delivery: WebhookDelivery) -> tuple[Answer | None, MlregistryError | None]:
    message_id = str(delivery.message_id or delivery.pk)
    try:
        answer = post(delivery.webhook, body=delivery.body, delivery_id=message_id)
    except MlregistryError as error:
        return None, error
    return answer, posting.failure_of(delivery.webhook.url, answer)


def _text(answer: Answer) -> str:
    return answer.body.decode(errors="replace").replace("\x00", "�")


def _state(delivery: WebhookDelivery, failure: MlregistryError | None) -> str:
    if failure is None:
        return DeliveryState.DELIVERED
    may_pass = isinstance(failure, Unavailable) and delivery.attempts < MOST_ATTEMPTS
    return DeliveryState.WAITING if may_pass else DeliveryState.FAILED


def skip(delivery: WebhookDelivery) -> None:
    delivery.state, delivery.error = DeliveryState.SKIPPED, "The webhook is disabled."
    _write(delivery, ("state", "error"))


def post(webhook: Webhook, *, body: str, delivery_id: str) -> Answer:
    """The receiver's answer, whatever it is; its body cut to 10,000 bytes."""
    return posting.post_json(webhook.url, body.encode(), headers=_headers(webhook, body, delivery_id))


def body_of(event: str, data: dict[str, Any], *, team_slug: str, at: datetime) -> str:
    """What is sent for an event: MLflow's envelope, the team as its workspace."""
    entity, action = event.split(".")
    envelope = {
        "entity": entity,
        "action": action,
        "timestamp": at.isoformat(),
        "data": data,
        "workspace": team_slug,
    }
    return json.dumps(envelope, allow_nan=False)


def signature(secret: str, *, delivery_id: str, timestamp: str, body: str) -> str:
    """The value of X-MLflow-Signature."""
    return signing.signature(secret.encode(), delivery_id, timestamp, body.encode())


def _headers(webhook: Webhook, body: str, delivery_id: str) -> dict[str, str]:
    # Each attempt has the time of its own: receivers refuse old ones as replayed.
    timestamp = str(int(time.time()))
    headers = {
        "X-MLflow-Delivery-Id": delivery_id,
        "X-MLflow-Timestamp": timestamp,
    }
    if webhook.sealed_secret:
        secret = unseal(webhook.sealed_secret, purpose=PURPOSE)
        headers["X-MLflow-Signature"] = signature(
            secret, delivery_id=delivery_id, timestamp=timestamp, body=body
        )
    return headers


def _forget_old(webhook: Webhook) -> None:
    WebhookDelivery.objects.filter(webhook=webhook, created_at__lt=timezone.now() - KEPT).delete()
