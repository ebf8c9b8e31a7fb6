"""How a version that came from outside fares: its file as it was sent, who let it be opened, what was found in it."""

from django.conf import settings
from django.db import models

from mlregistry.ml.intake.formats import needs_approval

from .versions import ModelVersion


class IntakeState(models.TextChoices):
    """Only an accepted one can be served."""

    QUARANTINED = "quarantined", "quarantined"
    CHECKING = "checking", "being checked"
    ACCEPTED = "accepted", "accepted"
    REFUSED = "refused", "refused"


class Intake(models.Model):
    """One per version that was not trained here. `file` is opened in a jail alone, a pickle after an owner's approval.

    `request` is what the uploader said (signature, example); `mlmodel` and `example` are files that came along;
    `findings` is what the jail told; `problem` says why it was refused.
    """

    version = models.OneToOneField(ModelVersion, on_delete=models.CASCADE, related_name="intake")
    state = models.CharField(max_length=12, choices=IntakeState.choices)
    format = models.CharField(max_length=20)
    file_name = models.CharField(max_length=300)
    file = models.ForeignKey("artifacts.StoredFile", on_delete=models.PROTECT, related_name="+")
    mlmodel = models.ForeignKey(
        "artifacts.StoredFile", null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    example = models.ForeignKey(
        "artifacts.StoredFile", null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    request = models.JSONField(default=dict)
    findings = models.JSONField(null=True, blank=True)
    problem = models.TextField(blank=True)
    job = models.ForeignKey("jobs.Job", null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    decided_at = models.DateTimeField(null=True, blank=True)
    is_approved = models.BooleanField(default=False, help_text="an owner let the pickle be opened")
    reason = models.TextField(blank=True, help_text="why an owner let it be opened, or did not")
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    def __str__(self) -> str:
        return f"intake of {self.version}"

    @property
    def is_live(self) -> bool:
        """Whether a job is at it or will be."""
        return self.job is not None and self.job.is_live

    @property
    def quarantines(self) -> bool:
        """Whether opening it runs what its maker wants, so that an owner has to approve it."""
        return needs_approval(self.format)
