"""Retraining of endpoints: what is declared, one row for each attempt, and the steps it went through."""

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q


class DriftTrigger(models.TextChoices):
    """Which verdicts of drift checks set a retraining off."""

    OFF = "", "not by drift"
    DRIFT = "drift", "drift of the window"
    COLUMNS = "columns", "drift of any column"


class Method(models.TextChoices):
    RECIPE = "recipe", "one recipe again"
    SEARCH = "search", "a search within a budget"


class GoLive(models.TextChoices):
    CANARY = "canary", "canary"
    SHADOW = "shadow", "shadow"


class RetrainingPolicy(models.Model):
    """What an endpoint declares about its retraining; `actions.retraining_declarations` says what each may be.

    `recipe` is empty for the champion's own. `note` is what the newest look at the triggers saw.
    """

    endpoint = models.OneToOneField(
        "serving.Endpoint", on_delete=models.CASCADE, related_name="retraining_policy"
    )
    enabled = models.BooleanField(default=True)

    every_hours = models.PositiveIntegerField(null=True)
    on_drift = models.CharField(max_length=7, blank=True, default="", choices=DriftTrigger.choices)
    drift_looks = models.PositiveSmallIntegerField(default=2, help_text="checks in a row")
    metric_floor = models.FloatField(null=True, help_text="the live metric may not be worse than this")
    metric_fall = models.FloatField(null=True, help_text="nor worse than on the champion's test rows by this")
    metric_hours = models.PositiveIntegerField(default=168, help_text="over the truths of so many hours")
    metric_rows = models.PositiveIntegerField(default=200, help_text="and of no fewer rows")
    new_labels = models.PositiveIntegerField(null=True, help_text="since the data of the last retraining")
    cooldown_hours = models.PositiveIntegerField(default=24)

    method = models.CharField(max_length=6, choices=Method.choices, default=Method.RECIPE)
    recipe = models.JSONField(null=True, blank=True)
    recipe_why = models.TextField(blank=True, default="")
    search_trials = models.PositiveIntegerField(default=30)
    search_minutes = models.PositiveIntegerField(default=15)

    window_days = models.PositiveIntegerField(default=30)
    with_original = models.BooleanField(default=True)
    most_rows = models.PositiveIntegerField(default=1_000_000)
    least_labels = models.PositiveIntegerField(default=200)
    held_out_share = models.FloatField(default=0.2, help_text="of the labelled rows, the newest")

    least_gain = models.FloatField(default=0.0)
    sure = models.BooleanField(default=True, help_text="the whole interval lies above the least gain")

    go_live = models.CharField(max_length=6, choices=GoLive.choices, default=GoLive.CANARY)
    approval = models.BooleanField(default=True)
    alias = models.CharField(max_length=255, blank=True, default="champion")
    steps = models.JSONField(default=list, help_text="of a canary, in per cent")
    dwell_seconds = models.PositiveIntegerField(default=600)
    fewest_requests = models.PositiveIntegerField(default=200)
    guardrails = models.JSONField(default=dict)
    shadow_rows = models.PositiveIntegerField(
        default=200, help_text="with a truth, before a shadow is judged"
    )
    deadline_days = models.PositiveIntegerField(default=14, help_text="for going live")

    channels = models.ManyToManyField("notices.Channel", blank=True, related_name="+")
    dataset = models.ForeignKey("experiments.Dataset", null=True, on_delete=models.SET_NULL, related_name="+")
    experiment = models.ForeignKey(
        "experiments.Experiment", null=True, on_delete=models.SET_NULL, related_name="+"
    )
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    declared_at = models.DateTimeField(help_text="what the triggers count from before the first retraining")
    look_at = models.DateTimeField()
    looked_at = models.DateTimeField(null=True)
    readings = models.JSONField(default=list, help_text="how each trigger stood at the newest look")
    note = models.TextField(blank=True, default="")

    class Meta:
        verbose_name_plural = "retraining policies"
        indexes = [models.Index(fields=["look_at"], condition=Q(enabled=True), name="retraining_policy_due")]

    def __str__(self) -> str:
        return f"retraining of {self.endpoint}"


class Trigger(models.TextChoices):
    ASKED = "asked", "somebody asked"
    SCHEDULE = "schedule", "the time had come"
    DRIFT = "drift", "drift"
    METRIC = "metric", "the live metric fell"
    LABELS = "labels", "new labelled rows"


class RetrainingState(models.TextChoices):
    RUNNING = "running", "running"
    WAITING = "waiting", "waits for approval"
    PROMOTED = "promoted", "promoted"
    REFUSED = "refused", "refused"
    CANCELLED = "cancelled", "cancelled"
    FAILED = "failed", "failed"


OPEN_RETRAINING = (RetrainingState.RUNNING, RetrainingState.WAITING)


class StepName(models.TextChoices):
    """In the order in which they come; the last only where the policy wants approval."""

    TRIGGERED = "triggered", "triggered"
    ASSEMBLING = "assembling", "assembling the data"
    TRAINING = "training", "training"
    TESTING = "testing", "testing the model"
    COMPARING = "comparing", "comparing"
    DEPLOYING = "deploying", "going live"
    APPROVING = "approving", "approval"


class Retraining(models.Model):
    """One attempt. `declared` is the policy as it was when it began, `data` the counts of rows by where they came from
    and their window, `comparison` champion and challenger on the `held_out` rows, which are lines of JSON."""

    endpoint = models.ForeignKey("serving.Endpoint", on_delete=models.CASCADE, related_name="retrainings")
    state = models.CharField(max_length=9, choices=RetrainingState.choices, default=RetrainingState.RUNNING)
    trigger = models.CharField(max_length=8, choices=Trigger.choices)
    reason = models.TextField()
    declared = models.JSONField()
    champion = models.ForeignKey(
        "models_app.ModelVersion", null=True, on_delete=models.SET_NULL, related_name="+"
    )
    challenger = models.ForeignKey(
        "models_app.ModelVersion", null=True, on_delete=models.SET_NULL, related_name="+"
    )
    original_version = models.ForeignKey(
        "experiments.DatasetVersion", null=True, on_delete=models.SET_NULL, related_name="+"
    )
    dataset_version = models.ForeignKey(
        "experiments.DatasetVersion", null=True, on_delete=models.SET_NULL, related_name="retrainings"
    )
    held_out = models.ForeignKey(
        "artifacts.StoredFile", null=True, on_delete=models.PROTECT, related_name="+"
    )
    data = models.JSONField(default=dict)
    run = models.ForeignKey("experiments.Run", null=True, on_delete=models.SET_NULL, related_name="+")
    study = models.ForeignKey("experiments.Study", null=True, on_delete=models.SET_NULL, related_name="+")
    comparison = models.JSONField(default=dict)
    test = models.ForeignKey("serving.AbTest", null=True, on_delete=models.SET_NULL, related_name="+")
    shadow = models.ForeignKey("serving.Shadow", null=True, on_delete=models.SET_NULL, related_name="+")
    outcome = models.TextField(blank=True, default="")
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-started_at", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["endpoint"], condition=Q(ended_at__isnull=True), name="one_open_retraining"
            )
        ]
        indexes = [models.Index(fields=["endpoint", "-started_at"], name="retraining_newest")]

    def __str__(self) -> str:
        return f"retraining {self.pk} of {self.endpoint}"

    @property
    def is_open(self) -> bool:
        return self.ended_at is None

    @property
    def challenger_name(self) -> str:
        """Of the variant or shadow behind the endpoint."""
        return f"retraining-{self.pk}"

    def wants(self, name: str) -> Any:
        """A field of the policy as it was at the beginning."""
        return self.declared[name]


class StepState(models.TextChoices):
    RUNNING = "running", "running"
    DONE = "done", "done"
    REFUSED = "refused", "refused"
    CANCELLED = "cancelled", "cancelled"
    FAILED = "failed", "failed"


class RetrainingStep(models.Model):
    """`text` says what was decided and why, or what is waited for; `details` are figures behind it."""

    retraining = models.ForeignKey(Retraining, on_delete=models.CASCADE, related_name="steps")
    name = models.CharField(max_length=10, choices=StepName.choices)
    state = models.CharField(max_length=9, choices=StepState.choices, default=StepState.RUNNING)
    text = models.TextField(blank=True, default="")
    details = models.JSONField(default=dict)
    job = models.ForeignKey("jobs.Job", null=True, on_delete=models.SET_NULL, related_name="+")
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["pk"]
        constraints = [models.UniqueConstraint(fields=["retraining", "name"], name="retraining_step_once")]

    def __str__(self) -> str:
        return f"{self.retraining}: {self.get_name_display()}"
