"""A study of feature selection: what was asked, the job that answers, what it found."""

from typing import Any

from django.conf import settings
from django.db import models

from mlregistry.jobs.models import State


class SelectionStudy(models.Model):
    """`plan` and `recipe` are those of mlregistry.ml; `result` is there once the job has succeeded.

    The result outlives its dataset, whose name stays as `data_name`.
    """

    team = models.ForeignKey("accounts.Team", on_delete=models.CASCADE, related_name="selections")
    problem = models.ForeignKey("experiments.Problem", on_delete=models.CASCADE, related_name="selections")
    dataset_version = models.ForeignKey(
        "experiments.DatasetVersion", null=True, on_delete=models.SET_NULL, related_name="selections"
    )
    data_name = models.CharField(max_length=300)
    plan = models.JSONField()
    recipe = models.JSONField()
    job = models.ForeignKey("jobs.Job", null=True, on_delete=models.SET_NULL, related_name="selections")
    result = models.JSONField(null=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        indexes = [models.Index(fields=["team", "-created_at"], name="selection_of_team")]

    def __str__(self) -> str:
        return f"Selection for {self.problem}"

    @property
    def state(self) -> str:
        """That of its job; a result that is there counts whatever became of the job's row."""
        if self.result is not None:
            return State.SUCCEEDED
        return self.job.state if self.job else State.FAILED

    @property
    def advice(self) -> dict[str, Any]:
        found: dict[str, Any] = (self.result or {}).get("advice", {})
        return found
