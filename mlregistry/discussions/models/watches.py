"""Who watches what, and how far the audit trail has been told to them."""

from django.conf import settings
from django.db import models


class Watch(models.Model):
    """`is_on` False is kept: whoever stopped watching is not made to watch again by a comment of their own."""

    team = models.ForeignKey(
        "accounts.Team", on_delete=models.CASCADE, related_name="watches", db_index=False
    )
    kind = models.CharField(max_length=20)
    key = models.CharField(max_length=64)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="watches", db_index=False
    )
    is_on = models.BooleanField(default=True)
    at = models.DateTimeField(auto_now=True)

    class Meta:
        verbose_name_plural = "watches"
        constraints = [models.UniqueConstraint(fields=["team", "kind", "key", "user"], name="watch_once")]
        indexes = [models.Index(fields=["user", "team", "-at"], name="watch_by_user")]

    def __str__(self) -> str:
        return f"{self.user_id} watches {self.kind} {self.key}"


class WatchCursor(models.Model):
    """One row: the last audit event that watchers were told of."""

    event_id = models.BigIntegerField(default=0)

    def __str__(self) -> str:
        return str(self.event_id)
