"""The compiled form of a model version, with the report of its parity gate."""

from django.db import models

from .versions import ModelVersion


class Compilation(models.Model):
    """One per version; compiling again replaces it. Without a file the native model serves.

    `report` is what `ml.compiling.measuring` says. Live requests scored again natively are counted here.
    """

    version = models.OneToOneField(ModelVersion, on_delete=models.CASCADE, related_name="compilation")
    job = models.ForeignKey("jobs.Job", null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    report = models.JSONField(null=True, blank=True)
    file = models.ForeignKey(
        "artifacts.StoredFile", null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    n_rescored = models.PositiveBigIntegerField(default=0)
    n_mismatches = models.PositiveBigIntegerField(default=0)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    def __str__(self) -> str:
        return f"compiled {self.version}"

    @property
    def is_live(self) -> bool:
        """Whether a job is at it or will be."""
        return self.job is not None and self.job.is_live
