"""Trainers of a team's own: a zipped script, or a function of an installed package that the operator allows."""

from django.conf import settings
from django.db import models


class Trainer(models.Model):
    """`archive` is the zip with main.py; without one, `entry` is module:function. `requirements` are name==version."""

    team = models.ForeignKey("accounts.Team", on_delete=models.CASCADE, related_name="trainers")
    name = models.CharField(max_length=200)
    entry = models.CharField(max_length=200, blank=True)
    archive = models.ForeignKey("artifacts.StoredFile", null=True, on_delete=models.PROTECT, related_name="+")
    n_files = models.PositiveIntegerField(default=0)
    requirements = models.JSONField(default=list)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["team", "name"], name="trainer_name_once_per_team")]

    def __str__(self) -> str:
        return self.name
