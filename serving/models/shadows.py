"""Shadows: versions that are asked the same as an endpoint, behind its back, and what they would have answered."""

from django.conf import settings
from django.db import models


class Shadow(models.Model):
    """A version that answers nobody. `scored_until` is how far the log has been gone through."""

    endpoint = models.ForeignKey("serving.Endpoint", on_delete=models.CASCADE, related_name="shadows")
    name = models.CharField(max_length=60)
    version = models.ForeignKey("models_app.ModelVersion", on_delete=models.PROTECT, related_name="shadows")
    since = models.DateTimeField()
    scored_until = models.DateTimeField()
    error = models.TextField(blank=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )

    class Meta:
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(fields=["endpoint", "name"], name="shadow_name_once_per_endpoint")
        ]

    def __str__(self) -> str:
        return f"{self.endpoint}/{self.name}"


class ShadowAnswer(models.Model):
    """What a shadow makes of one logged row; `output` holds `error` instead of `prediction` where it failed."""

    shadow = models.ForeignKey(Shadow, on_delete=models.CASCADE, related_name="answers", db_index=False)
    request_id = models.UUIDField()
    row = models.PositiveIntegerField(default=0)
    output = models.JSONField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["shadow", "request_id", "row"], name="shadow_answer_once")
        ]

    def __str__(self) -> str:
        return f"{self.request_id}/{self.row}"
