"""Experiments: named groups of runs."""

from django.conf import settings
from django.db import models


class Lifecycle(models.TextChoices):
    """Deleted things stay until they are purged."""

    ACTIVE = "active", "active"
    DELETED = "deleted", "deleted"


class Experiment(models.Model):
    """A named group of runs; its id is MLflow's experiment id."""

    team = models.ForeignKey("accounts.Team", on_delete=models.CASCADE, related_name="experiments")
    name = models.CharField(max_length=500)
    description = models.TextField(blank=True)
    problem = models.ForeignKey(
        "experiments.Problem", null=True, blank=True, on_delete=models.SET_NULL, related_name="experiments"
    )
    tags = models.JSONField(default=dict)
    artifact_location = models.TextField(
        blank=True, help_text="where clients put files themselves; blank: this server keeps them"
    )
    lifecycle = models.CharField(max_length=10, choices=Lifecycle.choices, default=Lifecycle.ACTIVE)
    is_default = models.BooleanField(default=False)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["team", "name"], name="experiment_name_once_per_team"),
            models.UniqueConstraint(
                fields=["team"], condition=models.Q(is_default=True), name="one_default_experiment_per_team"
            ),
        ]

    def __str__(self) -> str:
        return self.name
