"""Webhooks: create, update, delete, test. For owners, because they carry the team's news out of the house."""

import re
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

from django.db import transaction
from django.utils import timezone

from mlregistry.accounts.actor import Actor
from mlregistry.accounts.audit import record
from mlregistry.accounts.models import Role
from mlregistry.errors import Conflict, Invalid, MlregistryError, TooMany
from mlregistry.lib.names import clean_text
from mlregistry.notices import posting
from mlregistry.notices.actions.delivering import MOST_BY_HAND
from mlregistry.notices.models import DeliveryState
from mlregistry.secrets_at_rest import seal
from models_app.actions import delivering
from models_app.actions.announcing import queue
from models_app.models import Webhook, WebhookDelivery, WebhookStatus
from models_app.webhook_events import EVENTS

NAME = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?")


WAITS_AT_MOST = timedelta(days=1)  # a delivery whose job broke off says for ever that it waits


@dataclass(frozen=True)
class Tested:
    """What came of a test: the receiver's answer, or why there was none."""

    success: bool
    response_status: int | None = None
    response_body: str | None = None
    error_message: str | None = None


def create_webhook(
    name: str,
    *,
    url: str,
    events: Iterable[str],
    description: str = "",
    secret: str = "",
    status: str = WebhookStatus.ACTIVE,
    by: Actor,
) -> Webhook:
    """Events read entity.action. Raises Invalid for a URL that is not https or not public."""
    by.require(Role.OWNER)
    fields = _checked(
        name=name, url=url, events=events, description=description, secret=secret, status=status
    )
    with transaction.atomic():
        webhook = Webhook.objects.create(team=by.team, created_by=by.user, **fields)
        record(by, "webhook.create", webhook, host=_host(webhook), events=webhook.events)
    return webhook


def update_webhook(
    webhook: Webhook,
    *,
    name: str | None = None,
    url: str | None = None,
    events: Iterable[str] | None = None,
    description: str | None = None,
    secret: str | None = None,
    status: str | None = None,
    by: Actor,
) -> Webhook:
    """Changes what is given; an empty secret means that bodies go unsigned from now on."""
    by.require(Role.OWNER)
    fields = _checked(
        name=name, url=url, events=events, description=description, secret=secret, status=status
    )
    with transaction.atomic():
        for field, value in fields.items():
            setattr(webhook, field, value)
        webhook.save(update_fields=[*fields, "updated_at"])
        record(by, "webhook.update", webhook, host=_host(webhook), fields=sorted(fields))
    return webhook


def delete_webhook(webhook: Webhook, *, by: Actor) -> None:
    """Deletes it with its log; what is still queued for it is not sent."""
    by.require(Role.OWNER)
    with transaction.atomic():
        record(by, "webhook.delete", webhook, host=_host(webhook))
        webhook.delete()


def test_webhook(  # it sends a test, and is none of ours
    webhook: Webhook,
    *,
    event: str | None = None,  # noqa: PT028  # no test, though its name begins so
    by: Actor,
) -> Tested:
    """Sends an example of the event, or of the first one subscribed to, and waits for the answer."""
    by.require(Role.OWNER)
    event = event or webhook.events[0]
    _check_event(event)
    body = delivering.body_of(event, EVENTS[event], team_slug=webhook.team.slug, at=timezone.now())
    try:
        answer = delivering.post(webhook, body=body, delivery_id=str(uuid.uuid4()))
    except MlregistryError as error:
        return Tested(success=False, error_message=error.message)
    failure = posting.failure_of(webhook.url, answer)
    return Tested(
        success=failure is None,
        response_status=answer.status,
        response_body=answer.body.decode(errors="replace"),
        error_message=failure.message if failure else None,
    )


def replay(delivery: WebhookDelivery, *, by: Actor) -> WebhookDelivery:
    """The same body once more, as a line of its own in the log; its receiver sees the same id."""
    by.require(Role.OWNER)
    webhook = delivery.webhook
    if delivery.state == DeliveryState.WAITING and delivery.created_at > timezone.now() - WAITS_AT_MOST:
        raise Conflict("This delivery still waits; it is sent by itself.")
    if webhook.status != WebhookStatus.ACTIVE:
        raise Conflict(f"The webhook “{webhook}” is disabled; enable it first.")
    since = timezone.now() - timedelta(hours=1)
    repeated = WebhookDelivery.objects.filter(webhook=webhook, replay_of__isnull=False, created_at__gte=since)
    if repeated.count() >= MOST_BY_HAND:
        raise TooMany(f"“{webhook}” was sent {MOST_BY_HAND} repetitions within an hour; try again later.")
    with transaction.atomic():
        made = WebhookDelivery.objects.create(
            webhook=webhook, event=delivery.event, body=delivery.body, replay_of=delivery,
            message_id=delivery.message_id or delivery.pk,
        )  # fmt: skip
        record(by, "webhook.replay", webhook, event=delivery.event)
        queue(made, by)
    return made


def _checked(**given: Any) -> dict[str, Any]:
    """The columns to write, for what is not None."""
    changes = {field: CHECKS[field](value) for field, value in given.items() if value is not None}
    if "secret" in changes:
        changes["sealed_secret"] = changes.pop("secret")
    return changes


def _name(name: str) -> str:
    if not NAME.fullmatch(name):
        raise Invalid(
            f"Webhook name {name[:100]!r} is invalid. It has 1 to 63 letters, digits, dots, underscores "
            "and hyphens, and begins and ends with a letter or digit.",
            field="name",
        )
    return name


def _events(events: Iterable[str]) -> list[str]:
    found = list(dict.fromkeys(events))
    if not found:
        raise Invalid("Webhook events must be a non-empty list.", field="events")
    for event in found:
        _check_event(event)
    return found


def _check_event(event: str) -> None:
    if event not in EVENTS:
        raise Invalid(f"There is no event {event!r}; there are {', '.join(EVENTS)}.", field="events")


def _description(text: str) -> str:
    return clean_text(text, field="description", max_length=10_000)


def _secret(secret: str) -> str:
    clean_text(secret, field="secret", max_length=1_000)
    return seal(secret, purpose=delivering.PURPOSE) if secret else ""


def _status(status: str) -> str:
    if status not in WebhookStatus.values:
        raise Invalid("The status is ACTIVE or DISABLED.", field="status")
    return str(status)


def _host(webhook: Webhook) -> str:
    return urlsplit(webhook.url).hostname or ""


CHECKS: dict[str, Any] = {
    "name": _name,
    "url": posting.checked_url,
    "events": _events,
    "description": _description,
    "secret": _secret,
    "status": _status,
}
