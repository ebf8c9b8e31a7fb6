"""Endpoints and the variants behind them."""

from django.conf import settings
from django.db import models


class Endpoint(models.Model):
    """A stable name that answers predictions; `salt` and `layout` (of buckets) keep a unit on its variant."""

    team = models.ForeignKey("accounts.Team", on_delete=models.CASCADE, related_name="endpoints")
    name = models.CharField(max_length=100)
    description = models.TextField(blank=True)
    problem = models.ForeignKey(
        "experiments.Problem", null=True, on_delete=models.SET_NULL, related_name="endpoints"
    )
    salt = models.CharField(max_length=32)
    layout = models.JSONField(default=dict)
    log_mode = models.CharField(max_length=12, default="durable", choices=[
        ("durable", "durable"), ("best-effort", "best-effort"), ("off", "off")])  # fmt: skip
    log_sample = models.FloatField(default=1.0, help_text="share of the units that are logged, 0 to 1")
    log_redact = models.JSONField(default=dict, help_text="rule by column; see serving.hotpath.redaction")
    log_retention_days = models.PositiveIntegerField(null=True, help_text="empty: kept for ever")
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["team", "name"], name="endpoint_name_once_per_team")]

    def __str__(self) -> str:
        return self.name


class Variant(models.Model):
    """One version behind an endpoint with its share of traffic in per cent; the shares sum to 100."""

    endpoint = models.ForeignKey(Endpoint, on_delete=models.CASCADE, related_name="variants")
    name = models.CharField(max_length=60)
    version = models.ForeignKey("models_app.ModelVersion", on_delete=models.PROTECT, related_name="variants")
    weight = models.DecimalField(max_digits=5, decimal_places=2)
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(fields=["endpoint", "name"], name="variant_name_once_per_endpoint"),
            models.CheckConstraint(
                condition=models.Q(weight__gte=0, weight__lte=100), name="weight_is_per_cent"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.endpoint}/{self.name}"


class RoutingEpoch(models.Model):
    """One row; every change of routing raises it in the same transaction."""

    number = models.BigIntegerField(default=0)

    def __str__(self) -> str:
        return str(self.number)
