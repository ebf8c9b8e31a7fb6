"""Training that starts again and again on the newest version of a dataset."""

from django.conf import settings
from django.db import models

from .datasets import Dataset, DatasetVersion
from .experiments import Experiment
from .problems import Problem


class TrainingSchedule(models.Model):
    """The rhythm is the row of mlregistry.jobs named `schedule_name`; here is what it starts and how it went."""

    class Outcome(models.TextChoices):
        NONE = "", "not yet"
        STARTED = "started"
        UNCHANGED = "unchanged"
        REFUSED = "refused"

    problem = models.ForeignKey(Problem, on_delete=models.CASCADE, related_name="training_schedules")
    dataset = models.ForeignKey(Dataset, on_delete=models.CASCADE, related_name="training_schedules")
    recipes = models.JSONField()
    cron = models.CharField(max_length=100)
    enabled = models.BooleanField(default=True)
    last_at = models.DateTimeField(null=True)
    last_outcome = models.CharField(max_length=10, choices=Outcome.choices, blank=True, default="")
    last_reason = models.TextField(blank=True, default="")
    last_version = models.ForeignKey(
        DatasetVersion, null=True, on_delete=models.SET_NULL, related_name="+", help_text="trained on last"
    )
    last_experiment = models.ForeignKey(Experiment, null=True, on_delete=models.SET_NULL, related_name="+")
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return f"{self.problem} on {self.dataset}, {self.cron}"

    @property
    def schedule_name(self) -> str:
        return f"training-schedule-{self.pk}"
