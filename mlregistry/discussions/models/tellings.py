"""What a person wants to be told, and how."""

from django.conf import settings
from django.db import models


class Manner(models.TextChoices):
    """All but “off” put it into the inbox too."""

    INBOX = "inbox", "in the inbox"
    EMAIL = "email", "by e-mail at once"
    DIGEST = "digest", "by e-mail once a day"
    OFF = "off", "not at all"


class Telling(models.Model):
    """A person's choice for all of their teams; without a row, everything goes into the inbox."""

    user = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="telling")
    mentions = models.CharField(max_length=10, choices=Manner.choices, default=Manner.INBOX)
    watched = models.CharField(max_length=10, choices=Manner.choices, default=Manner.INBOX)
    digest_at = models.DateTimeField(null=True, help_text="when the next digest is due; empty: none")
    digested_until = models.DateTimeField(null=True, help_text="what the last digest told of ended here")

    class Meta:
        indexes = [
            models.Index(
                fields=["digest_at"], condition=models.Q(digest_at__isnull=False), name="telling_digest_due"
            )
        ]

    def __str__(self) -> str:
        return f"{self.user_id}: {self.mentions}, {self.watched}"
