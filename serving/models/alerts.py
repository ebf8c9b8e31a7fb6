"""Alert rules on an endpoint's figures, and the history of what each rule went through."""

from django.conf import settings
from django.db import models

from mlregistry.notices.models import Severity


class AlertState(models.TextChoices):
    """No data is a state of its own: it is neither well nor an alert."""

    OK = "ok", "ok"
    FIRING = "firing", "firing"
    NO_DATA = "no data", "no data"


class Comparison(models.TextChoices):
    """When a rule is broken."""

    ABOVE = "above", "above"
    BELOW = "below", "below"


class AlertRule(models.Model):
    """`figure` (of `column`, where it has one) over the last `window_seconds`, against `threshold`.

    `n_broken`, `n_well` and `n_empty` count looks in a row. `told_at` is when its channels last heard that it fires;
    `is_told` says that they have not heard since that it is well.
    """

    endpoint = models.ForeignKey("serving.Endpoint", on_delete=models.CASCADE, related_name="alert_rules")
    name = models.CharField(max_length=100)
    figure = models.CharField(max_length=60)
    column = models.CharField(max_length=200, blank=True, default="")
    comparison = models.CharField(max_length=5, choices=Comparison.choices)
    threshold = models.FloatField()
    window_seconds = models.PositiveIntegerField()
    fewest = models.PositiveIntegerField(default=0, help_text="fewer observations are no data")
    looks = models.PositiveSmallIntegerField(default=1, help_text="in a row before the state changes")
    cooldown_seconds = models.PositiveIntegerField(default=3600)
    severity = models.CharField(max_length=10, choices=Severity.choices, default=Severity.WARNING)
    tells_recovery = models.BooleanField(default=True)
    tells_no_data = models.BooleanField(default=False)
    is_active = models.BooleanField(default=True)
    channels = models.ManyToManyField("notices.Channel", related_name="+", blank=True)
    state = models.CharField(max_length=7, choices=AlertState.choices, default=AlertState.NO_DATA)
    state_since = models.DateTimeField()
    n_broken = models.PositiveIntegerField(default=0)
    n_well = models.PositiveIntegerField(default=0)
    n_empty = models.PositiveIntegerField(default=0)
    is_told = models.BooleanField(default=False)
    told_at = models.DateTimeField(null=True, blank=True)
    value = models.FloatField(null=True, blank=True)
    n_observed = models.BigIntegerField(default=0)
    error = models.TextField(blank=True, default="", help_text="why the last look failed")
    looked_at = models.DateTimeField(null=True, blank=True)
    look_at = models.DateTimeField(db_index=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(fields=["endpoint", "name"], name="alert_rule_name_once_per_endpoint")
        ]

    def __str__(self) -> str:
        return self.name


class AlertEvent(models.Model):
    """A change of a rule's state, and whether channels were told; `notice` is what they were told."""

    rule = models.ForeignKey(AlertRule, on_delete=models.CASCADE, related_name="events")
    at = models.DateTimeField()
    former = models.CharField(max_length=7, choices=AlertState.choices)
    state = models.CharField(max_length=7, choices=AlertState.choices)
    value = models.FloatField(null=True, blank=True)
    n_observed = models.BigIntegerField(default=0)
    text = models.TextField()
    notice = models.ForeignKey(
        "notices.Notice", null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )

    class Meta:
        indexes = [models.Index(fields=["rule", "-at", "-id"], name="alert_event_newest")]

    def __str__(self) -> str:
        return f"{self.rule_id}: {self.state}"
