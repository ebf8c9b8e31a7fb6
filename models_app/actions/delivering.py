"""Sends bodies to webhooks, signed as MLflow signs them. Called by the worker and by test_webhook.

The signature is HMAC-SHA256 over delivery id, time and body, as in the Standard Webhooks specification.
"""

import json
import time
from datetime import datetime, timedelta
from typing import Any

from django.db.models import F
from django.db.models.functions import Now
from django.utils import timezone

from mlregistry.errors import MlregistryError
from mlregistry.notices import posting, signing
from mlregistry.outgoing import Answer
from mlregistry.secrets_at_rest import unseal
from models_app.models import Webhook, WebhookDelivery

PURPOSE = "webhook secret"
KEPT = timedelta(days=30)


def deliver(delivery: WebhookDelivery) -> int:
    """Send it once and write down what came of it; the status that the receiver answered.

    Raises Unavailable when a later attempt may succeed, Invalid when it would fail the same way.
    """
    row = WebhookDelivery.objects.filter(pk=delivery.pk)
    row.update(attempts=F("attempts") + 1)
    try:
        answer = post(delivery.webhook, body=delivery.body, delivery_id=str(delivery.pk))
    except MlregistryError as error:
        row.update(status_code=None, error=error.message)
        raise
    failure = posting.failure_of(delivery.webhook.url, answer)
    if failure is not None:
        row.update(status_code=answer.status, error=failure.message)
        raise failure
    row.update(status_code=answer.status, error="", delivered_at=Now())
    _forget_old(delivery.webhook)
    return answer.status


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
