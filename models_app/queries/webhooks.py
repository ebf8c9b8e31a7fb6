"""Webhooks and their deliveries, newest first, in pages. Called by the doors; access is checked before."""

import uuid
from datetime import datetime
from typing import TypeVar

from django.db.models import Q, QuerySet
from django.urls import reverse

from mlregistry.accounts.actor import Actor
from mlregistry.accounts.models import Role
from mlregistry.notices.queries.deliveries import NEWEST, Line
from models_app import access
from models_app.models import Webhook, WebhookDelivery

Row = TypeVar("Row", Webhook, WebhookDelivery)
Place = tuple[datetime, uuid.UUID]


def page(
    rows: QuerySet[Row], *, limit: int = 100, after: Place | None = None
) -> tuple[list[Row], Place | None]:
    """Up to `limit` rows that come after that place, and the place to go on from, None at the end."""
    rows = rows.order_by("-created_at", "-id")
    if after is not None:
        at, last = after
        rows = rows.filter(Q(created_at__lt=at) | Q(created_at=at, id__lt=last))
    shown: list[Row] = list(rows[: limit + 1])
    if len(shown) <= limit:
        return shown, None
    end = shown[limit - 1]
    return shown[:limit], (end.created_at, end.id)


def of_webhooks(by: Actor, state: str) -> list[Line]:
    """An entry of settings.DELIVERY_LOGS: for owners, whose webhooks they are."""
    if by.role < Role.OWNER:
        return []
    rows = access.webhook_deliveries(by).defer("body")
    chosen = rows.filter(state=state) if state else rows
    return [
        Line(
            row.created_at, row.webhook.name, "", row.event, "sent again" if row.replay_of_id else "", row.state,
            row.status_code, row.attempts, row.seconds, row.error, row.answer, None,
            reverse("models_app:webhook-replay", args=[row.pk]),
        )
        for row in chosen.order_by("-created_at", "-pk")[:NEWEST]
    ]  # fmt: skip


def deliveries_of(webhook: Webhook) -> QuerySet[WebhookDelivery]:
    """What was sent, or waits to be, without the bodies; kept for 30 days."""
    return WebhookDelivery.objects.filter(webhook=webhook).defer("body")
