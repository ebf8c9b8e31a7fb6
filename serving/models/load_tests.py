"""Load tests of endpoints: what was declared, what came of it, and the verdict that gates read."""

from django.conf import settings
from django.db import models

from mlregistry.jobs.models import State


class Verdict(models.TextChoices):
    """Empty while there is none, or where no goal was declared."""

    NONE = "", "no goal"
    PASSED = "passed", "passed"
    FAILED = "failed", "failed"


class LoadTest(models.Model):
    """`version` is what was asked, with most of the traffic; `verdict` says whether the declared goal was met.

    `figures` grows while it runs. Times in `declared` and `figures` are seconds, `histogram` counts latencies.
    """

    endpoint = models.ForeignKey("serving.Endpoint", on_delete=models.CASCADE, related_name="load_tests")
    version = models.ForeignKey(
        "models_app.ModelVersion", on_delete=models.CASCADE, related_name="load_tests"
    )
    declared = models.JSONField(default=dict)
    figures = models.JSONField(default=dict)
    histogram = models.JSONField(null=True)
    verdict = models.CharField(max_length=6, blank=True, default="", choices=Verdict.choices)
    error = models.TextField(blank=True, default="")
    run = models.ForeignKey("experiments.Run", null=True, on_delete=models.SET_NULL, related_name="+")
    job = models.ForeignKey("jobs.Job", null=True, on_delete=models.SET_NULL, related_name="+")
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    created_at = models.DateTimeField(auto_now_add=True)
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["endpoint"], condition=models.Q(ended_at=None), name="load_test_one_at_a_time"
            )
        ]

    def __str__(self) -> str:
        return f"{self.endpoint} #{self.pk}"

    @property
    def state(self) -> State:
        """That of its job; of one that ended without a word, what its row knows."""
        if self.ended_at is not None:
            return State.SUCCEEDED if self.histogram is not None and not self.error else (
                State.FAILED if self.error else State.CANCELLED
            )  # fmt: skip
        if self.job is None or self.job.state == State.SUCCEEDED:
            return State.FAILED
        return State(self.job.state)

    @property
    def is_live(self) -> bool:
        return self.ended_at is None and self.job is not None and self.job.is_live
