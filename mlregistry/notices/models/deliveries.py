"""The delivery log: one line for each message that leaves the server, and what its receiver said."""

import uuid

from django.conf import settings
from django.db import models


class DeliveryState(models.TextChoices):
    WAITING = "waiting", "waiting"
    DELIVERED = "delivered", "delivered"
    FAILED = "failed", "failed"
    SKIPPED = "skipped", "skipped"


class Delivery(models.Model):
    """`message_id` stays the same when it is sent again, so that a receiver knows what it has had before.

    `status_code`, `seconds`, `answer` and `error` are those of the last attempt.
    """

    channel = models.ForeignKey("notices.Channel", on_delete=models.CASCADE, related_name="deliveries")
    notice = models.ForeignKey("notices.Notice", on_delete=models.CASCADE, related_name="deliveries")
    message_id = models.UUIDField(default=uuid.uuid4)
    replay_of = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.SET_NULL, related_name="replays"
    )
    is_test = models.BooleanField(default=False)
    state = models.CharField(max_length=10, choices=DeliveryState.choices, default=DeliveryState.WAITING)
    attempts = models.PositiveSmallIntegerField(default=0)
    status_code = models.PositiveSmallIntegerField(null=True, blank=True)
    seconds = models.FloatField(null=True, blank=True)
    answer = models.TextField(blank=True, default="", help_text="the first characters of the answer")
    error = models.TextField(blank=True, default="")
    next_at = models.DateTimeField(null=True, blank=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    created_at = models.DateTimeField(auto_now_add=True)
    delivered_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name_plural = "deliveries"
        indexes = [models.Index(fields=["channel", "-created_at", "-id"], name="delivery_newest")]

    def __str__(self) -> str:
        return f"{self.message_id} to {self.channel_id}"
