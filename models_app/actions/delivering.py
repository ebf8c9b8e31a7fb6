"""Sends bodies to webhooks, signed as MLflow signs them. Called by the worker and by test_webhook.

The signature is HMAC-SHA256 over delivery id, time and body, as in the Standard Webhooks specification.
"""

import base64
import hashlib
import hmac
import json
import time
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.db.models import F
from django.db.models.functions import Now
from django.utils import timezone

from mlregistry import outgoing
from mlregistry.errors import Invalid, MlregistryError, Unavailable
from mlregistry.outgoing import Answer
from mlregistry.secrets_at_rest import unseal
from models_app.models import Webhook, WebhookDelivery

PURPOSE = "webhook secret"
TIMEOUT_SECONDS = 15.0
MOST_BYTES = 10_000
KEPT = timedelta(days=30)
TOO_MANY = 429


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
    failure = failure_of(delivery.webhook, answer)
    if failure is not None:
        row.update(status_code=answer.status, error=failure.message)
        raise failure
    row.update(status_code=answer.status, error="", delivered_at=Now())
    _forget_old(delivery.webhook)
    return answer.status


def post(webhook: Webhook, *, body: str, delivery_id: str) -> Answer:
    """The receiver's answer, whatever it is; its body cut to 10,000 bytes."""
    return outgoing.request(
        "POST",
        webhook.url,
        headers=_headers(webhook, body, delivery_id),
        body=body.encode(),
        timeout_seconds=TIMEOUT_SECONDS,
        max_bytes=MOST_BYTES,
        cut=True,
        allow_http=settings.WEBHOOKS_OVER_HTTP,
    )


def failure_of(webhook: Webhook, answer: Answer) -> MlregistryError | None:
    """None when the receiver took it; the address is not named, for it may hold a token."""
    if 200 <= answer.status < 300:
        return None
    host = urlsplit(webhook.url).hostname
    if answer.status == TOO_MANY or answer.status >= 500:
        return Unavailable(f"{host} answered {answer.status}.")
    if 300 <= answer.status < 400:
        return Invalid(f"{host} answered {answer.status}; webhooks do not follow redirects.")
    return Invalid(f"{host} refused it with {answer.status}.")


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
    signed = f"{delivery_id}.{timestamp}.{body}".encode()
    digest = hmac.new(secret.encode(), signed, hashlib.sha256).digest()
    return f"v1,{base64.b64encode(digest).decode('ascii')}"


def _headers(webhook: Webhook, body: str, delivery_id: str) -> dict[str, str]:
    # Each attempt has the time of its own: receivers refuse old ones as replayed.
    timestamp = str(int(time.time()))
    headers = {
        "Content-Type": "application/json",
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
