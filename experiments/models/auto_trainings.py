"""One press of "Just train it": what is kept beside its study, and what the study's end made of it."""

from typing import Any

from django.db import models


class AutoTraining(models.Model):
    """`seconds` is the whole budget, of which the study has `study.max_seconds`; `reasons` tell why it is as it is.

    `job` builds the ensembles once the study has ended. Each of `offers` is a trained model, or one there was no time
    for: its run, method, members, estimates and price. `chosen` is the one to use.
    """

    study = models.OneToOneField(
        "experiments.Study", primary_key=True, on_delete=models.CASCADE, related_name="auto_training"
    )
    seconds = models.PositiveIntegerField()
    wish = models.CharField(max_length=20, blank=True)
    measured_folds = models.PositiveIntegerField()
    reasons = models.JSONField(default=list)
    job = models.ForeignKey("jobs.Job", null=True, on_delete=models.SET_NULL, related_name="+")
    offers = models.JSONField(default=list)
    chosen = models.ForeignKey("experiments.Run", null=True, on_delete=models.SET_NULL, related_name="+")
    ended_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"Just train it: {self.study}"

    @property
    def metric(self) -> str:
        found: dict[str, Any] = self.study.objectives[0]
        return str(found["metric"])
