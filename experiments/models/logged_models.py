"""Logged models: what a run (or a script without one) made and may be registered, with metrics of their own."""

import re
import uuid

from django.conf import settings
from django.db import models

from mlregistry.lib.time_ordered import time_ordered_uuid

from .experiments import Experiment, Lifecycle
from .runs import Run

MODEL_ID = re.compile(r"m-[0-9a-f]{32}")


class LoggedModelStatus(models.TextChoices):
    """MLflow's words, without its prefix LOGGED_MODEL_."""

    PENDING = "PENDING", "pending"
    READY = "READY", "ready"
    UPLOAD_FAILED = "UPLOAD_FAILED", "upload failed"


class LoggedModel(models.Model):
    """`m-` and the hex of `id` is MLflow's model id; params are write-once, tags may be rewritten."""

    id = models.UUIDField(primary_key=True, default=time_ordered_uuid, editable=False)
    experiment = models.ForeignKey(Experiment, on_delete=models.CASCADE, related_name="logged_models")
    name = models.CharField(max_length=500)
    source_run = models.ForeignKey(
        Run, null=True, on_delete=models.SET_NULL, related_name="logged_models", db_constraint=True
    )
    source_run_key = models.CharField(
        max_length=32, blank=True, default="", db_default="", help_text="of a run that is not on this server"
    )
    status = models.CharField(
        max_length=20, choices=LoggedModelStatus.choices, default=LoggedModelStatus.PENDING
    )
    status_message = models.TextField(blank=True)
    model_type = models.CharField(max_length=500, blank=True)
    params = models.JSONField(default=dict)
    tags = models.JSONField(default=dict)
    lifecycle = models.CharField(max_length=10, choices=Lifecycle.choices, default=Lifecycle.ACTIVE)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)
    deleted_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [
            models.Index(
                fields=["experiment", "lifecycle", "-created_at", "id"], name="logged_model_newest_first"
            )
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def model_id(self) -> str:
        """As MLflow's clients know it."""
        return f"m-{self.id.hex}"


def model_key(model_id: str) -> uuid.UUID | None:
    """The key of a logged model by its id in MLflow's form; None for what cannot be one."""
    return uuid.UUID(model_id[2:]) if MODEL_ID.fullmatch(model_id) else None


class LoggedModelMetric(models.Model):
    """One value that a run measured of a logged model, perhaps on a named dataset."""

    logged_model = models.ForeignKey(
        LoggedModel, on_delete=models.CASCADE, related_name="metrics", db_index=False
    )
    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="+")
    key = models.CharField(max_length=250)
    value = models.FloatField()
    is_nan = models.BooleanField(default=False)
    step = models.BigIntegerField(default=0)
    timestamp = models.BigIntegerField(help_text="milliseconds since 1970")
    dataset_name = models.CharField(max_length=500, blank=True)
    dataset_digest = models.CharField(max_length=36, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=[
                    "logged_model", "key", "dataset_name", "dataset_digest", "timestamp", "step", "value",
                    "is_nan", "run",
                ],
                name="logged_model_metric_once",
            )
        ]  # fmt: skip

    def __str__(self) -> str:
        return self.key
