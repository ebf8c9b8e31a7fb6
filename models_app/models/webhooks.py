"""Webhooks, which tell other systems of events in the registry, and the log of what was sent to them."""

import uuid

from django.conf import settings
from django.db import models

from mlregistry.notices.models import DeliveryState


class WebhookStatus(models.TextChoices):
    """MLflow's words."""

    ACTIVE = "ACTIVE", "Active"
    DISABLED = "DISABLED", "Disabled"


class Webhook(models.Model):
    """`events` read entity.action; `sealed_secret` signs the bodies, empty when they go unsigned."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    team = models.ForeignKey("accounts.Team", on_delete=models.CASCADE, related_name="webhooks")
    name = models.CharField(max_length=63)
    description = models.TextField(blank=True, default="")
    url = models.TextField()
    events = models.JSONField(default=list)
    sealed_secret = models.TextField(blank=True, default="")
    status = models.CharField(max_length=10, choices=WebhookStatus.choices, default=WebhookStatus.ACTIVE)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        indexes = [models.Index(fields=["team", "-created_at", "-id"], name="webhook_newest")]

    def __str__(self) -> str:
        return self.name


class WebhookDelivery(models.Model):
    """One event for one webhook: the body as it is signed, and how far it came.

    What was sent again has the `message_id` of the first, whose own id that is: receivers know it by that.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    webhook = models.ForeignKey(Webhook, on_delete=models.CASCADE, related_name="deliveries")
    event = models.CharField(max_length=60)
    body = models.TextField()
    message_id = models.UUIDField(null=True, blank=True)
    replay_of = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.SET_NULL, related_name="replays"
    )
    state = models.CharField(max_length=10, choices=DeliveryState.choices, default=DeliveryState.WAITING)
    status_code = models.PositiveSmallIntegerField(null=True, blank=True)
    seconds = models.FloatField(null=True, blank=True)
    answer = models.TextField(blank=True, default="", help_text="the first characters of the answer")
    error = models.TextField(blank=True, default="")
    attempts = models.PositiveIntegerField(default=0)
    created_at = models.DateTimeField(auto_now_add=True)
    delivered_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name_plural = "webhook deliveries"
        indexes = [models.Index(fields=["webhook", "-created_at", "-id"], name="webhook_delivery_newest")]

    def __str__(self) -> str:
        return f"{self.event} to {self.webhook}"
