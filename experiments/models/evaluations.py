"""What a run's test figures are worth, and who looked at which test rows."""

from typing import Any

from django.db import models
from django.utils import timezone


class Evaluation(models.Model):
    """`document` is that of mlregistry.ml.supervised.evaluating; `replicates` are float32 of the primary metric."""

    run = models.OneToOneField(
        "experiments.Run", primary_key=True, on_delete=models.CASCADE, related_name="evaluation"
    )
    metric = models.CharField(max_length=60, help_text="the problem's primary metric")
    target = models.TextField()
    document = models.JSONField()
    replicates = models.BinaryField(null=True)
    job = models.ForeignKey(
        "jobs.Job",
        null=True,
        on_delete=models.SET_NULL,
        related_name="+",
        help_text="draws the explanation of the run",
    )

    def __str__(self) -> str:
        return f"Evaluation of {self.run}"

    @property
    def intervals(self) -> dict[str, list[float]]:
        found: dict[str, list[float]] = self.document.get("intervals", {})
        return found

    @property
    def slices(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.document.get("slices", [])
        return found


class TestUse(models.Model):
    """One run's test metrics were kept: a look at those rows. It outlives the run, for the look remains one."""

    __test__ = False
    dataset_version = models.ForeignKey(
        "experiments.DatasetVersion", on_delete=models.CASCADE, related_name="test_uses"
    )
    test_digest = models.CharField(max_length=64, help_text="of the numbers of the test rows")
    target = models.TextField()
    run = models.ForeignKey("experiments.Run", null=True, on_delete=models.SET_NULL, related_name="test_uses")
    run_name = models.CharField(max_length=500, blank=True)
    used_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["run", "test_digest"], name="test_use_once_per_run"),
        ]
        indexes = [
            models.Index(fields=["dataset_version", "test_digest", "used_at"], name="test_use_of_rows"),
        ]

    def __str__(self) -> str:
        return f"{self.run_name} at {self.used_at:%Y-%m-%d %H:%M}"
