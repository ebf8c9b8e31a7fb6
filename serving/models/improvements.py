"""Improvement studies of an endpoint: what was proposed for its recipe, what it is worth, and what was taken."""

from typing import Any

from django.conf import settings
from django.db import models

from mlregistry.jobs.models import State


class Improvement(models.Model):
    """`plan`, `recipe`, `proposals` and `result` are those of mlregistry.ml.improving; `recipe` is the unchanged one.

    `adopted_recipe` is what the next retraining of the endpoint takes; at most one row of an endpoint has it.
    """

    endpoint = models.ForeignKey("serving.Endpoint", on_delete=models.CASCADE, related_name="improvements")
    version = models.ForeignKey(
        "models_app.ModelVersion", on_delete=models.CASCADE, related_name="improvements"
    )
    dataset_version = models.ForeignKey(
        "experiments.DatasetVersion", null=True, on_delete=models.SET_NULL, related_name="+"
    )
    data_name = models.CharField(max_length=300)
    plan = models.JSONField()
    recipe = models.JSONField()
    proposals = models.JSONField(default=list)
    result = models.JSONField(null=True)
    job = models.ForeignKey("jobs.Job", null=True, on_delete=models.SET_NULL, related_name="+")
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    created_at = models.DateTimeField(auto_now_add=True)
    adopted_recipe = models.JSONField(null=True, blank=True)
    adopted_at = models.DateTimeField(null=True, blank=True)
    adopted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    adopted_why = models.TextField(blank=True, default="")

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["endpoint"],
                condition=models.Q(adopted_recipe__isnull=False),
                name="improvement_adopted_once",
            )
        ]

    def __str__(self) -> str:
        return f"Improvement {self.pk} of {self.endpoint}"

    @property
    def state(self) -> str:
        """That of its job; a result that is there counts whatever became of the job's row."""
        if self.result is not None:
            return State.SUCCEEDED
        return self.job.state if self.job else State.FAILED

    @property
    def is_live(self) -> bool:
        return self.result is None and self.job is not None and self.job.is_live

    @property
    def winner(self) -> list[str]:
        """The keys of the proposals that are best together; empty where nothing beats the unchanged recipe."""
        return list((self.result or {}).get("winner", []))

    def proposal(self, key: str) -> dict[str, Any] | None:
        return next((one for one in self.proposals if one["key"] == key), None)
