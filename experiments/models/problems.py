"""The problem: what to predict, from what, scored how."""

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models


class Problem(models.Model):
    """`features` empty means every column but the target; `kind` and metrics are those of mlregistry.ml."""

    team = models.ForeignKey("accounts.Team", on_delete=models.CASCADE, related_name="problems")
    name = models.CharField(max_length=200)
    kind = models.CharField(max_length=20)
    goal = models.TextField(blank=True)
    features = ArrayField(models.CharField(max_length=200), default=list, blank=True)
    target = models.CharField(max_length=200)
    granularity = ArrayField(
        models.CharField(max_length=200),
        default=list,
        blank=True,
        help_text="the columns that identify a row",
    )
    time_column = models.CharField(max_length=200, blank=True, default="")
    primary_metric = models.CharField(max_length=60)
    direction = models.CharField(max_length=10, choices=[("maximize", "maximize"), ("minimize", "minimize")])
    success_threshold = models.FloatField(null=True, blank=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["team", "name"], name="problem_name_once_per_team")]

    def __str__(self) -> str:
        return self.name

    def key_column(self, place: int) -> str:
        """The column of the user (0) or the item (1) of a recommendation; "" for other kinds."""
        return self.granularity[place] if self.kind == "recommendation" else ""
