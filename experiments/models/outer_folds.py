"""The outer folds of a nested search: in each the whole search is repeated, and its winner scored on the rest."""

from django.db import models


class OuterFold(models.Model):
    """Written once by its job: the winner's `score` on the held-out rows, or the `error` that stood against it."""

    study = models.ForeignKey("experiments.Study", on_delete=models.CASCADE, related_name="outer")
    number = models.PositiveSmallIntegerField()
    job = models.ForeignKey("jobs.Job", null=True, on_delete=models.SET_NULL, related_name="+")
    params = models.JSONField(null=True, help_text="of the winner among this fold's trials")
    inner_value = models.FloatField(null=True, help_text="what the winner scored within the search")
    score = models.FloatField(null=True)
    held_share = models.FloatField(null=True, help_text="held-out rows per fitted row")
    n_trials = models.PositiveIntegerField(default=0)
    seconds = models.FloatField(null=True)
    error = models.TextField(blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["study", "number"], name="outer_fold_once_per_study")]

    def __str__(self) -> str:
        return f"{self.study}, outer fold {self.number + 1}"
