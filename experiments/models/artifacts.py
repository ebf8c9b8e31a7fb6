"""Files of runs and logged models: the user's path is a column, the bytes lie elsewhere."""

from django.db import models
from django.db.models import Q


class Artifact(models.Model):
    """Belongs to a run, to a logged model, or (with neither) to the team's own folder.

    `path` is relative to its owner, normalised, and looked up by equality or prefix only.
    """

    team = models.ForeignKey("accounts.Team", on_delete=models.CASCADE, related_name="+")
    run = models.ForeignKey(
        "experiments.Run", null=True, on_delete=models.CASCADE, related_name="artifacts", db_index=False
    )
    logged_model = models.ForeignKey(
        "experiments.LoggedModel",
        null=True,
        on_delete=models.CASCADE,
        related_name="artifacts",
        db_index=False,
    )
    path = models.CharField(max_length=1000)
    file = models.ForeignKey("artifacts.StoredFile", on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["run", "path"], name="artifact_path_once_per_run"),
            models.UniqueConstraint(fields=["logged_model", "path"], name="artifact_path_once_per_model"),
            models.UniqueConstraint(
                fields=["team", "path"],
                condition=Q(run__isnull=True, logged_model__isnull=True),
                name="artifact_path_once_per_team",
            ),
            models.CheckConstraint(
                condition=Q(run__isnull=True) | Q(logged_model__isnull=True), name="artifact_has_one_owner"
            ),
        ]

    def __str__(self) -> str:
        return self.path
