"""API tokens: a readable prefix and a 256-bit secret of which only the SHA-256 is kept."""

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models

from .teams import Team


class Scope(models.TextChoices):
    """What a token may be used for."""

    READ = "read", "read"
    WRITE = "write", "write"
    PREDICT = "predict", "predict"


class ApiToken(models.Model):
    """A token of a user; `team` limits it to one team, otherwise it works in all teams of its user.

    `only_run` limits it to one run of the MLflow door, for as long as the job of that run lasts.
    """

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="api_tokens")
    team = models.ForeignKey(Team, null=True, blank=True, on_delete=models.CASCADE, related_name="api_tokens")
    name = models.CharField(max_length=100)
    prefix = models.CharField(max_length=16, db_index=True)
    digest = models.BinaryField(max_length=32, unique=True)
    scopes = ArrayField(models.CharField(max_length=10, choices=Scope.choices))
    only_run = models.UUIDField(null=True, blank=True, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix}…)"
