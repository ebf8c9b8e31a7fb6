"""What a dataset is expected to be, whether its versions are, and how each differs from the one before."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from .datasets import Dataset, DatasetVersion


class CheckState(models.TextChoices):
    PENDING = "pending"
    PASSED = "passed"
    WARNING = "warning"
    FAILED = "failed"
    ERROR = "error"


class DataContract(models.Model):
    """One numbered edition of a dataset's contract; the highest number is the one that holds."""

    dataset = models.ForeignKey(Dataset, on_delete=models.CASCADE, related_name="contracts")
    number = models.PositiveIntegerField()
    document = models.JSONField(help_text="as mlregistry.ml.contracts.parsing reads it")
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["dataset", "number"], name="data_contract_number_once")
        ]

    def __str__(self) -> str:
        return f"contract {self.number} of {self.dataset}"


class ContractCheck(models.Model):
    """A version held to one edition of the contract; an owner may let it pass all the same, with a reason."""

    version = models.ForeignKey(DatasetVersion, on_delete=models.CASCADE, related_name="contract_checks")
    contract = models.ForeignKey(DataContract, on_delete=models.CASCADE, related_name="checks")
    state = models.CharField(max_length=10, choices=CheckState.choices, default=CheckState.PENDING)
    report = models.JSONField(null=True)
    job = models.ForeignKey("jobs.Job", null=True, on_delete=models.SET_NULL, related_name="+")
    override_reason = models.TextField(blank=True, default="")
    overridden_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    overridden_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(auto_now_add=True)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["version", "contract"], name="contract_check_once")]

    def __str__(self) -> str:
        return f"{self.version} against {self.contract}"


class VersionComparison(models.Model):
    """How a version differs from the one before it; the methods and thresholds are in the report."""

    version = models.OneToOneField(DatasetVersion, on_delete=models.CASCADE, related_name="comparison")
    earlier = models.ForeignKey(DatasetVersion, on_delete=models.CASCADE, related_name="+")
    state = models.CharField(max_length=10, choices=CheckState.choices, default=CheckState.PENDING)
    report = models.JSONField(null=True)
    job = models.ForeignKey("jobs.Job", null=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    finished_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"{self.earlier} to {self.version}"


class QualityAlert(models.Model):
    """Something about a dataset's quality that somebody should look at; open until `closed_at`."""

    KINDS = [("contract", "contract"), ("comparison", "comparison"), ("schedule", "schedule")]

    team = models.ForeignKey("accounts.Team", on_delete=models.CASCADE, related_name="quality_alerts")
    dataset = models.ForeignKey(Dataset, on_delete=models.CASCADE, related_name="alerts")
    version = models.ForeignKey(DatasetVersion, on_delete=models.CASCADE, related_name="alerts")
    problem = models.ForeignKey(
        "experiments.Problem", null=True, on_delete=models.CASCADE, related_name="quality_alerts"
    )
    kind = models.CharField(max_length=10, choices=KINDS)
    message = models.TextField()
    created_at = models.DateTimeField(auto_now_add=True)
    closed_at = models.DateTimeField(null=True)
    closed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )

    class Meta:
        indexes = [
            models.Index(
                fields=["team", "-created_at"], condition=Q(closed_at=None), name="quality_alert_open"
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind} of {self.version}"
