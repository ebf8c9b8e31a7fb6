"""Rules of a team about runs that end: what they are about, whom they tell, and which runs they have told of."""

from django.conf import settings
from django.db import models

from mlregistry.notices.models import Severity

from .experiments import Experiment


class RunEvent(models.TextChoices):
    FAILED = "failed", "a run fails"
    PASSED = "passed", "a metric passes its threshold"


class RunRule(models.Model):
    """About the team's runs at the top, of one experiment or of all, that end from `since` on."""

    class Comparison(models.TextChoices):
        ABOVE = "above", "above"
        BELOW = "below", "below"

    team = models.ForeignKey("accounts.Team", on_delete=models.CASCADE, related_name="run_rules")
    name = models.CharField(max_length=100)
    event = models.CharField(max_length=6, choices=RunEvent.choices)
    experiment = models.ForeignKey(
        Experiment, null=True, blank=True, on_delete=models.CASCADE, related_name="+"
    )
    metric = models.CharField(max_length=250, blank=True, default="")
    comparison = models.CharField(
        max_length=5, choices=Comparison.choices, blank=True, default=Comparison.ABOVE
    )
    threshold = models.FloatField(null=True, blank=True)
    severity = models.CharField(max_length=10, choices=Severity.choices, default=Severity.INFO)
    channels = models.ManyToManyField("notices.Channel", related_name="+", blank=True)
    is_active = models.BooleanField(default=True)
    since = models.DateTimeField(help_text="runs that ended before are none of its matter")
    told_at = models.DateTimeField(null=True, blank=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["name"]
        constraints = [models.UniqueConstraint(fields=["team", "name"], name="run_rule_name_once_per_team")]

    def __str__(self) -> str:
        return self.name


class RunTelling(models.Model):
    """The rule has told of the run, which may be gone since."""

    rule = models.ForeignKey(RunRule, on_delete=models.CASCADE, related_name="tellings")
    run_id = models.UUIDField()
    at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["rule", "run_id"], name="run_telling_once")]

    def __str__(self) -> str:
        return f"{self.rule_id} of {self.run_id}"
