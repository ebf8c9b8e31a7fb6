"""Where datasets get their rows from: stored connections, and rows that came in but are no version yet."""

from django.conf import settings
from django.db import models
from django.db.models import Q


class SourceState(models.TextChoices):
    NEVER = "never", "never refreshed"
    READY = "ready", "ready"
    FAILED = "failed", "failed"


class DataSource(models.Model):
    """A connection: its settings in the open, its secrets sealed; `cursor` is how far it was read."""

    team = models.ForeignKey("accounts.Team", on_delete=models.CASCADE, related_name="+")
    dataset = models.ForeignKey("experiments.Dataset", on_delete=models.CASCADE, related_name="sources")
    name = models.CharField(max_length=200)
    kind = models.CharField(max_length=20)
    config = models.JSONField(default=dict)
    sealed = models.TextField(blank=True, default="", help_text="the secrets, encrypted")
    cron = models.CharField(max_length=100, blank=True, default="")
    cursor = models.JSONField(default=dict)
    state = models.CharField(max_length=10, choices=SourceState.choices, default=SourceState.NEVER)
    error = models.TextField(blank=True, default="")
    refreshed_at = models.DateTimeField(null=True)
    version = models.ForeignKey(
        "experiments.DatasetVersion", null=True, on_delete=models.SET_NULL, related_name="+"
    )
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["dataset", "name"], name="source_name_once_per_dataset")
        ]

    def __str__(self) -> str:
        return f"{self.dataset}: {self.name}"


class StagedRow(models.Model):
    """A row sent to a dataset. Once it is part of a version only its key stays, for a while, so that it counts once."""

    # Its insert holds the dataset once: a constraint would look it up for every row, in half of the time.
    dataset = models.ForeignKey(
        "experiments.Dataset",
        on_delete=models.CASCADE,
        related_name="+",
        db_index=False,
        db_constraint=False,
    )
    key = models.CharField(max_length=200)
    event_at = models.DateTimeField()
    row = models.JSONField(null=True)
    received_at = models.DateTimeField(auto_now_add=True)
    rolled_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["dataset", "key"], name="staged_row_once")]
        indexes = [
            models.Index(
                fields=["dataset", "event_at"], condition=Q(rolled_at__isnull=True), name="staged_row_waiting"
            ),
            models.Index(
                fields=["rolled_at"], condition=Q(rolled_at__isnull=False), name="staged_row_rolled"
            ),
        ]

    def __str__(self) -> str:
        return self.key
