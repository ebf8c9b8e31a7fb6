"""Saved views of an experiment's runs table: which columns, filter, order and groups, under a name."""

from django.conf import settings
from django.db import models

from .experiments import Experiment


class RunView(models.Model):
    """Its maker's own until it is shared; `is_default` is what the team sees first. `state` is that of TableState."""

    experiment = models.ForeignKey(Experiment, on_delete=models.CASCADE, related_name="run_views")
    name = models.CharField(max_length=100)
    state = models.JSONField()
    is_shared = models.BooleanField(default=False)
    is_default = models.BooleanField(default=False)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ["name", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["experiment", "name"],
                condition=models.Q(is_shared=True),
                name="shared_run_view_name_once",
            ),
            models.UniqueConstraint(
                fields=["experiment", "created_by", "name"],
                condition=models.Q(is_shared=False),
                name="own_run_view_name_once",
            ),
            models.UniqueConstraint(
                fields=["experiment"], condition=models.Q(is_default=True), name="one_default_run_view"
            ),
            models.CheckConstraint(
                condition=models.Q(is_default=False) | models.Q(is_shared=True),
                name="default_run_view_is_shared",
            ),
        ]

    def __str__(self) -> str:
        return self.name
