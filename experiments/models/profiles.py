"""Profiles of dataset versions: one row for each target and depth that was asked for."""

from django.conf import settings
from django.db import models

from mlregistry.jobs.models import State

from .datasets import DatasetVersion


class Depth(models.TextChoices):
    """How much a profile looks at: every column by itself, or also what lies between them."""

    QUICK = "quick", "quick"
    FULL = "full", "full"


class DatasetProfile(models.Model):
    """A document of mlregistry.ml.profiling, in the row or, when it is large, in a stored file."""

    version = models.ForeignKey(DatasetVersion, on_delete=models.CASCADE, related_name="profiles")
    target = models.CharField(max_length=200, blank=True)
    depth = models.CharField(max_length=5, choices=Depth.choices)
    job = models.ForeignKey("jobs.Job", null=True, on_delete=models.SET_NULL, related_name="+")
    data = models.JSONField(null=True)
    file = models.ForeignKey("artifacts.StoredFile", null=True, on_delete=models.PROTECT, related_name="+")
    n_alerts = models.JSONField(default=dict, help_text="how many of each severity")
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    created_at = models.DateTimeField(auto_now_add=True)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["version", "target", "depth"], name="dataset_profile_once")
        ]

    def __str__(self) -> str:
        return f"{self.depth} profile of {self.version}"

    @property
    def state(self) -> str:
        """ready, pending or failed; the job's row is the truth about what runs."""
        if self.finished_at is not None:
            return "ready"
        return "pending" if self.job is not None and self.job.is_live else "failed"

    @property
    def error(self) -> str:
        """Why there is no profile; empty when there is, or may be soon."""
        if self.state != "failed":
            return ""
        if self.job is None:
            return "The job is gone."
        return (
            "It was cancelled." if self.job.state == State.CANCELLED else self.job.error or "It ended early."
        )
