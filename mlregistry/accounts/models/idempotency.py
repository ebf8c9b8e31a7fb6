"""Answers to creates that carried an Idempotency-Key, kept for a day so that a repetition gets the same."""

from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models

from .teams import Team


class IdempotencyKey(models.Model):
    """`fingerprint` is the SHA-256 of the request; the row commits together with what the request created."""

    team = models.ForeignKey(Team, on_delete=models.CASCADE, related_name="+")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    key = models.CharField(max_length=200)
    fingerprint = models.CharField(max_length=64)
    status = models.PositiveSmallIntegerField()
    body = models.JSONField(null=True, encoder=DjangoJSONEncoder)
    created_at = models.DateTimeField(auto_now_add=True, db_index=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["team", "user", "key"], name="idempotency_key_once_per_user")
        ]

    def __str__(self) -> str:
        return self.key
