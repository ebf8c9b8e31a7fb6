"""The audit trail: one line for every action, never changed."""

from django.conf import settings
from django.db import models

from .teams import Team


class AuditEvent(models.Model):
    """Who did what to which thing, through which door."""

    # Every change writes a line here, so no index that only the deletion of a user or team would use.
    team = models.ForeignKey(
        Team, null=True, on_delete=models.CASCADE, related_name="audit_events", db_index=False
    )
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+", db_index=False
    )
    action = models.CharField(max_length=60)
    target_type = models.CharField(max_length=60)
    target_id = models.CharField(max_length=64)
    target_name = models.CharField(max_length=500)
    details = models.JSONField(default=dict)
    via = models.CharField(max_length=20)
    at = models.DateTimeField(auto_now_add=True)
    address = models.GenericIPAddressField(null=True)  # of the client; none for workers and commands

    class Meta:
        indexes = [
            models.Index(fields=["team", "-at"], name="audit_by_team"),
            models.Index(fields=["target_type", "target_id"], name="audit_by_target"),
            models.Index(fields=["team", "user", "-at"], name="audit_by_user"),
            # audit_by_name, of upper(target_name), is made in a migration by SQL: its operator class has no form here.
            models.Index(
                fields=["team", "action", "at"],
                opclasses=["int8_ops", "varchar_pattern_ops", "timestamptz_ops"],
                name="audit_by_action",
            ),
            models.Index(
                fields=["team", "address", "-at"],
                condition=models.Q(address__isnull=False),
                name="audit_by_address",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.action} {self.target_name}"
