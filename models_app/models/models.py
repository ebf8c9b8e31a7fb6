"""The registered model: a name under which versions are numbered."""

from django.conf import settings
from django.db import models


class RegisteredModel(models.Model):
    """`last_number` is raised under a row lock, so numbers have no gaps and are never used again."""

    team = models.ForeignKey("accounts.Team", on_delete=models.CASCADE, related_name="registered_models")
    name = models.CharField(max_length=256)
    description = models.TextField(blank=True)
    tags = models.JSONField(default=dict)
    problem = models.ForeignKey(
        "experiments.Problem",
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="registered_models",
    )
    last_number = models.PositiveIntegerField(default=0)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["team", "name"], name="registered_model_name_once_per_team")
        ]

    def __str__(self) -> str:
        return self.name
