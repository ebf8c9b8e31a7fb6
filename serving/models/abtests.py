"""A/B tests, canaries and bandits of an endpoint; the weights they set, one after another; what each look saw."""

from django.conf import settings
from django.db import models
from django.db.models import Q


class Mode(models.TextChoices):
    """How the traffic is split while it runs: as declared, in steps upwards, or by what does better."""

    SPLIT = "split", "A/B test"
    CANARY = "canary", "canary"
    BANDIT = "bandit", "bandit"


class AbTestState(models.TextChoices):
    RUNNING = "running", "running"
    STOPPED = "stopped", "stopped"
    PROMOTED = "promoted", "promoted"
    ROLLED_BACK = "rolled back", "rolled back"


class AbTest(models.Model):
    """What was declared before the start, which a trigger keeps as it is, and how it goes.

    `versions` are the ids of the variants' versions; `options` those of the mode; `memory` what looks must know of
    looks before them: the least p-values and the result at the horizon.
    """

    endpoint = models.ForeignKey("serving.Endpoint", on_delete=models.CASCADE, related_name="ab_tests")
    name = models.CharField(max_length=100)
    mode = models.CharField(max_length=10, choices=Mode.choices)
    state = models.CharField(max_length=12, choices=AbTestState.choices, default=AbTestState.RUNNING)
    hypothesis = models.TextField(blank=True)
    control = models.CharField(max_length=60)
    versions = models.JSONField()
    metric = models.CharField(max_length=40, blank=True)
    outcome = models.JSONField(null=True, help_text="the class that the metric “outcome” counts")
    maximize = models.BooleanField(default=True)
    per_unit = models.BooleanField(default=False)
    margin = models.FloatField(default=0.0)
    effect = models.FloatField(null=True)
    alpha = models.FloatField(default=0.05)
    horizon = models.BigIntegerField()
    cuped_days = models.PositiveSmallIntegerField(default=0)
    options = models.JSONField(default=dict)
    alias = models.CharField(max_length=255, blank=True)
    memory = models.JSONField(default=dict)
    reason = models.TextField(blank=True)
    winner = models.CharField(max_length=60, blank=True)
    look_at = models.DateTimeField()
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-started_at", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["endpoint"], condition=Q(state="running"), name="one_ab_test_of_an_endpoint_runs"
            )
        ]
        indexes = [models.Index(fields=["look_at"], condition=Q(state="running"), name="ab_test_due")]

    def __str__(self) -> str:
        return self.name

    @property
    def is_running(self) -> bool:
        return self.state == AbTestState.RUNNING

    @property
    def challengers(self) -> list[str]:
        return [name for name in self.versions if name != self.control]


class AbTestStep(models.Model):
    """A period of constant weights. `counts` are the endpoint's counts of answers when it began; `split_p` is the
    least p-value of its check of the split so far."""

    test = models.ForeignKey(AbTest, on_delete=models.CASCADE, related_name="steps")
    number = models.PositiveIntegerField()
    weights = models.JSONField()
    reason = models.TextField(blank=True)
    counts = models.JSONField(default=dict)
    split_p = models.FloatField(default=1.0)
    started_at = models.DateTimeField()

    class Meta:
        ordering = ["number"]
        constraints = [models.UniqueConstraint(fields=["test", "number"], name="ab_test_step_once")]

    def __str__(self) -> str:
        return f"{self.test}, step {self.number}"


class AbTestLook(models.Model):
    """What was seen at one time; the points of the chart."""

    test = models.ForeignKey(AbTest, on_delete=models.CASCADE, related_name="looks", db_index=False)
    at = models.DateTimeField()
    figures = models.JSONField()

    class Meta:
        ordering = ["at"]
        indexes = [models.Index(fields=["test", "at"], name="ab_test_looks")]

    def __str__(self) -> str:
        return f"{self.test} at {self.at:%Y-%m-%d %H:%M}"
