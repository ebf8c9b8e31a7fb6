"""Notices: one thing that people are told, and whose inbox it lies in."""

import uuid

from django.conf import settings
from django.db import models


class Severity(models.TextChoices):
    INFO = "info", "info"
    WARNING = "warning", "warning"
    CRITICAL = "critical", "critical"


class Notice(models.Model):
    """`kind` reads noun.event; `link` is a path on this server; `data` is what webhooks are sent.

    `key` says what it is about, so that it is told once however often it is tried.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    team = models.ForeignKey("accounts.Team", on_delete=models.CASCADE, related_name="notices")
    kind = models.CharField(max_length=60)
    severity = models.CharField(max_length=10, choices=Severity.choices, default=Severity.INFO)
    title = models.CharField(max_length=300)
    text = models.TextField(blank=True, default="")
    link = models.CharField(max_length=500, blank=True, default="")
    data = models.JSONField(default=dict)
    key = models.CharField(max_length=200)
    at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["team", "key"], name="notice_once")]
        indexes = [models.Index(fields=["at"], name="notice_by_time")]

    def __str__(self) -> str:
        return self.title


class InboxEntry(models.Model):
    """A notice in somebody's inbox; `team` is the notice's, for the count in the header."""

    notice = models.ForeignKey(Notice, on_delete=models.CASCADE, related_name="inbox_entries")
    team = models.ForeignKey("accounts.Team", on_delete=models.CASCADE, related_name="+", db_index=False)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="inbox_entries", db_index=False
    )
    at = models.DateTimeField()
    read_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name_plural = "inbox entries"
        constraints = [models.UniqueConstraint(fields=["notice", "user"], name="inbox_entry_once")]
        indexes = [
            models.Index(fields=["user", "team", "-at", "-id"], name="inbox_newest"),
            models.Index(
                fields=["user", "team"], condition=models.Q(read_at__isnull=True), name="inbox_unread"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.notice_id} for {self.user_id}"
