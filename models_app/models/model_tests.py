"""Runs of model tests with their results, the policy of each model's gate, and aliases that wait for a run."""

from django.conf import settings
from django.db import models

from .models import RegisteredModel
from .versions import ModelVersion


class Verdict(models.TextChoices):
    """Passed: no check that blocks by itself stands against the version; the model's own policy may choose others."""

    RUNNING = "running", "running"
    PASSED = "passed", "passed"
    FAILED = "failed", "failed"
    BROKEN = "broken", "could not be run"


class ModelTestRun(models.Model):
    """One run of the tests. The digests tell which files, compiled form and policy it speaks of."""

    version = models.ForeignKey(ModelVersion, on_delete=models.CASCADE, related_name="test_runs")
    job = models.ForeignKey("jobs.Job", null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    verdict = models.CharField(max_length=10, choices=Verdict.choices, default=Verdict.RUNNING)
    files_digest = models.CharField(max_length=64, blank=True)
    compiled_digest = models.CharField(max_length=64, blank=True)
    policy_digest = models.CharField(max_length=64, blank=True)
    champion = models.ForeignKey(
        ModelVersion, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    counts = models.JSONField(default=dict)
    notes = models.JSONField(default=dict, help_text="what was not there, and why")
    seconds = models.FloatField(null=True, blank=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    created_at = models.DateTimeField(auto_now_add=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [models.Index(fields=["version", "-id"], name="model_test_run_newest")]

    def __str__(self) -> str:
        return f"tests of {self.version}"

    @property
    def is_live(self) -> bool:
        """Whether a job is at it or will be."""
        return self.verdict == Verdict.RUNNING and self.job is not None and self.job.is_live

    @property
    def words(self) -> str:
        """The verdict for people; a run whose job was cancelled or lost has none."""
        stopped = self.verdict == Verdict.RUNNING and not self.is_live
        return "stopped" if stopped else str(self.get_verdict_display())


class ModelTestResult(models.Model):
    """One check of a run: what it found, held against its bound."""

    run = models.ForeignKey(ModelTestRun, on_delete=models.CASCADE, related_name="results")
    place = models.PositiveSmallIntegerField()
    name = models.CharField(max_length=200)
    title = models.CharField(max_length=300)
    group = models.CharField(max_length=60)
    about = models.CharField(max_length=300, blank=True)
    severity = models.CharField(max_length=10)
    outcome = models.CharField(max_length=10)
    figure = models.FloatField(null=True, blank=True)
    bound = models.FloatField(null=True, blank=True)
    side = models.CharField(max_length=10)
    sentence = models.CharField(max_length=500)
    evidence = models.JSONField(default=list)
    seconds = models.FloatField(default=0.0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["run", "place"], name="model_test_result_once")]

    def __str__(self) -> str:
        return f"{self.title}: {self.outcome}"


def usual_aliases() -> list[str]:
    """Those that are guarded where a model says nothing else."""
    return ["champion", "production"]


class ModelGate(models.Model):
    """What stands before the aliases of one model. Without a row the usual holds.

    `blocking` names the checks that keep an alias from moving (null: those that block by themselves); `strict` guards
    the first setting of an alias too, and refuses versions that cannot be tested here. `load_test` is what is asked of
    load tests (null: nothing; {} any goal kept; else ms, quantile, rate).
    """

    model = models.OneToOneField(RegisteredModel, on_delete=models.CASCADE, related_name="gate")
    aliases = models.JSONField(default=usual_aliases)
    blocking = models.JSONField(null=True, blank=True)
    limits = models.JSONField(default=dict)
    expectations = models.JSONField(default=list)
    strict = models.BooleanField(default=False)
    load_test = models.JSONField(null=True, blank=True)
    updated_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    updated_at = models.DateTimeField(auto_now=True)

    def __str__(self) -> str:
        return f"gate of {self.model}"


class AwaitedAlias(models.Model):
    """An alias that moves to the version as soon as its tests have passed."""

    model = models.ForeignKey(RegisteredModel, on_delete=models.CASCADE, related_name="awaited_aliases")
    name = models.CharField(max_length=255)
    version = models.ForeignKey(ModelVersion, on_delete=models.CASCADE, related_name="awaited_aliases")
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name_plural = "awaited aliases"
        constraints = [models.UniqueConstraint(fields=["model", "name"], name="awaited_alias_once_per_model")]

    def __str__(self) -> str:
        return f"{self.name} for {self.version}"
