"""Files of a run: the user's path is a column, the bytes lie elsewhere."""

from django.db import models


class RunArtifact(models.Model):
    """`path` is relative, normalised, and looked up by equality or prefix only."""

    run = models.ForeignKey("experiments.Run", on_delete=models.CASCADE, related_name="artifacts")
    path = models.CharField(max_length=1000)
    file = models.ForeignKey("artifacts.StoredFile", on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["run", "path"], name="artifact_path_once_per_run")]

    def __str__(self) -> str:
        return self.path
