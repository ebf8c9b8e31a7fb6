"""Model versions, their files, and the aliases that point at them."""

from typing import Any

from django.conf import settings
from django.db import models

from .models import RegisteredModel


class VersionState(models.TextChoices):
    """MLflow's words for the version's status are these in upper case."""

    PENDING = "pending", "pending"
    READY = "ready", "ready"
    FAILED = "failed", "failed"


class Stage(models.TextChoices):
    """MLflow's older way to mark versions; aliases are the newer one."""

    NONE = "None", "none"
    STAGING = "Staging", "staging"
    PRODUCTION = "Production", "production"
    ARCHIVED = "Archived", "archived"


class ModelVersion(models.Model):
    """Immutable but for description, stage and tags; lineage leads to run, recipe, dataset version and problem."""

    model = models.ForeignKey(RegisteredModel, on_delete=models.CASCADE, related_name="versions")
    number = models.PositiveIntegerField()
    state = models.CharField(max_length=10, choices=VersionState.choices, default=VersionState.READY)
    description = models.TextField(blank=True)
    tags = models.JSONField(default=dict)
    run = models.ForeignKey(
        "experiments.Run", null=True, on_delete=models.PROTECT, related_name="model_versions"
    )
    run_key = models.CharField(
        max_length=500, blank=True, help_text="the run as the client named it; it may be on another server"
    )
    run_link = models.CharField(max_length=500, blank=True)
    logged_model = models.ForeignKey(
        "experiments.LoggedModel", null=True, on_delete=models.SET_NULL, related_name="model_versions"
    )
    source = models.TextField(blank=True, help_text="where the client says the model's files lie")
    storage_location = models.TextField(blank=True, help_text="where the files are read from")
    stage = models.CharField(max_length=20, choices=Stage.choices, default=Stage.NONE)
    state_message = models.TextField(blank=True)
    user_name = models.CharField(max_length=256, blank=True, help_text="as the client says")
    signature = models.JSONField(null=True, blank=True)
    input_example = models.JSONField(default=list)
    metrics = models.JSONField(default=dict)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["model", "number"], name="model_version_number_once")]
        indexes = [
            models.Index(fields=["run_key"], condition=~models.Q(run_key=""), name="model_version_by_run_key")
        ]

    def __str__(self) -> str:
        return f"{self.model} v{self.number}"

    @property
    def served_signature(self) -> dict[str, Any]:
        """The signature by which it is served; empty for a version that came without one."""
        return self.signature or {}


class ModelFile(models.Model):
    """A serialised form: joblib, skops, onnx, arrays or pickle. `trained_here`: written by a job, not uploaded."""

    version = models.ForeignKey(ModelVersion, on_delete=models.CASCADE, related_name="files")
    format = models.CharField(max_length=20)
    file = models.ForeignKey("artifacts.StoredFile", on_delete=models.PROTECT, related_name="+")
    trained_here = models.BooleanField(default=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["version", "format"], name="model_file_once_per_format")
        ]

    def __str__(self) -> str:
        return f"{self.version} {self.format}"


class Alias(models.Model):
    """A movable pointer such as champion."""

    model = models.ForeignKey(RegisteredModel, on_delete=models.CASCADE, related_name="aliases")
    name = models.CharField(max_length=255)
    version = models.ForeignKey(ModelVersion, on_delete=models.CASCADE, related_name="aliases")
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        verbose_name_plural = "aliases"
        constraints = [models.UniqueConstraint(fields=["model", "name"], name="alias_once_per_model")]

    def __str__(self) -> str:
        return self.name
