"""Optimisations of a version: what was asked, what each method came to, and which candidates became versions."""

from django.conf import settings
from django.db import models

from .versions import ModelVersion


class Found(models.TextChoices):
    MADE = "made", "made"
    SKIPPED = "skipped", "does not apply"
    FAILED = "failed", "came to nothing"


class Optimisation(models.Model):
    """One run of chosen methods. `before` are the figures of the version itself, measured beside the candidates."""

    version = models.ForeignKey(ModelVersion, on_delete=models.CASCADE, related_name="optimisations")
    job = models.ForeignKey("jobs.Job", null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    wish = models.JSONField(default=dict, help_text="methods, tolerance, costs, n_members")
    metric = models.CharField(max_length=60)
    direction = models.CharField(max_length=10)
    before = models.JSONField(default=dict)
    notes = models.JSONField(default=list)
    n_test = models.PositiveIntegerField(default=0)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    created_at = models.DateTimeField(auto_now_add=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [models.Index(fields=["version", "-id"], name="optimisation_newest")]

    def __str__(self) -> str:
        return f"optimisation of {self.version}"

    @property
    def is_live(self) -> bool:
        """Whether a job is at it or will be."""
        return self.finished_at is None and self.job is not None and self.job.is_live

    @property
    def state(self) -> str:
        """running, finished, cancelled or failed."""
        if self.finished_at is not None:
            return "finished"
        if self.is_live:
            return "running"
        return "cancelled" if self.job is not None and self.job.state == "CANCELLED" else "failed"


class OptimisedCandidate(models.Model):
    """What one method came to. `run` holds its files and metrics; `version` is what it became when somebody took it."""

    optimisation = models.ForeignKey(Optimisation, on_delete=models.CASCADE, related_name="candidates")
    place = models.PositiveSmallIntegerField()
    method = models.CharField(max_length=20)
    title = models.CharField(max_length=200)
    outcome = models.CharField(max_length=10, choices=Found.choices)
    reason = models.CharField(max_length=500, blank=True)
    changes = models.TextField(blank=True, help_text="how it differs from the version")
    is_recipe = models.BooleanField(default=False, help_text="a recipe of its own trains it again")
    figures = models.JSONField(default=dict)
    facts = models.JSONField(default=dict)
    chart = models.JSONField(null=True, blank=True)
    notes = models.JSONField(default=list)
    run = models.ForeignKey("experiments.Run", null=True, on_delete=models.SET_NULL, related_name="+")
    version = models.OneToOneField(
        ModelVersion, null=True, on_delete=models.SET_NULL, related_name="optimised_as"
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["optimisation", "place"], name="optimised_candidate_once")
        ]

    def __str__(self) -> str:
        return f"{self.title} ({self.outcome})"
