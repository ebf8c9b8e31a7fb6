"""Channels of a team: the ways on which its notices leave the server, or reach the inboxes in it."""

from django.conf import settings
from django.db import models


class ChannelKind(models.TextChoices):
    """Side by side; what each needs is in `actions.channels`."""

    INBOX = "inbox", "inbox of the members"
    EMAIL = "email", "e-mail"
    WEBHOOK = "webhook", "signed webhook"
    SLACK = "slack", "Slack"


class Channel(models.Model):
    """`sealed_url` is never shown again, as it may hold a token; `host` is. Secrets sign webhooks' bodies.

    After a rotation bodies are signed with both secrets until `former_until`.
    """

    team = models.ForeignKey("accounts.Team", on_delete=models.CASCADE, related_name="channels")
    kind = models.CharField(max_length=10, choices=ChannelKind.choices)
    name = models.CharField(max_length=100)
    emails = models.JSONField(default=list)
    host = models.CharField(max_length=300, blank=True, default="")
    sealed_url = models.TextField(blank=True, default="")
    sealed_secret = models.TextField(blank=True, default="")
    sealed_former_secret = models.TextField(blank=True, default="")
    former_until = models.DateTimeField(null=True, blank=True)
    is_active = models.BooleanField(default=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(fields=["team", "name"], name="channel_name_once_per_team"),
            models.UniqueConstraint(
                fields=["team"], condition=models.Q(kind="inbox"), name="channel_inbox_once_per_team"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def goes_out(self) -> bool:
        """Whether its messages leave the server, and so have a delivery log."""
        return self.kind != ChannelKind.INBOX

    @property
    def place(self) -> str:
        """Where it goes, as far as everybody may know."""
        if self.kind == ChannelKind.EMAIL:
            return ", ".join(self.emails)
        return self.host if self.goes_out else "every member of the team"
