"""What the newest load test with a goal said of a version. Serving, which stands above, leaves it here for the gate."""

from django.db import models

from .versions import ModelVersion


class LoadVerdict(models.Model):
    """One per version; the next takes its place. `figures` are p50, p90, p99 and p99.9 in seconds, `rate` (right
    answers a second) and `error_share`; `served` is the digest of the files and the form that answered."""

    version = models.OneToOneField(ModelVersion, on_delete=models.CASCADE, related_name="load_verdict")
    is_passed = models.BooleanField()
    goal = models.JSONField(default=dict)
    figures = models.JSONField(default=dict)
    reasons = models.JSONField(default=list, help_text="why the goal was missed")
    served = models.CharField(max_length=64)
    endpoint_name = models.CharField(max_length=100)
    load_test_id = models.BigIntegerField(help_text="the load test's number, which may be gone since")
    at = models.DateTimeField(auto_now=True)

    def __str__(self) -> str:
        return f"load verdict of {self.version}"
