"""Batch predictions: a whole table scored by one version behind an endpoint."""

from django.conf import settings
from django.db import models


class Batch(models.Model):
    """What was asked and what came of it; its job tells how far it is. The result has one row for each row."""

    endpoint = models.ForeignKey("serving.Endpoint", on_delete=models.CASCADE, related_name="batches")
    version = models.ForeignKey(
        "models_app.ModelVersion", null=True, on_delete=models.SET_NULL, related_name="+"
    )
    dataset_version = models.ForeignKey(
        "experiments.DatasetVersion", null=True, on_delete=models.SET_NULL, related_name="+"
    )
    job = models.ForeignKey("jobs.Job", null=True, on_delete=models.SET_NULL, related_name="+")
    id_column = models.CharField(max_length=255, blank=True)
    exact = models.BooleanField(default=True, help_text="each row as if it were asked alone, to the bit")
    save_as = models.CharField(max_length=200, blank=True, help_text="the dataset that gets the result")
    n_rows = models.BigIntegerField(default=0)
    n_scored = models.BigIntegerField(default=0)
    n_refused = models.BigIntegerField(default=0)
    refused = models.JSONField(default=list, help_text="the first rows without an answer: row, id, reason")
    result = models.ForeignKey("artifacts.StoredFile", null=True, on_delete=models.PROTECT, related_name="+")
    columns = models.JSONField(default=list, help_text="name and type of the result's columns")
    result_version = models.ForeignKey(
        "experiments.DatasetVersion", null=True, on_delete=models.SET_NULL, related_name="+"
    )
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    created_at = models.DateTimeField(auto_now_add=True)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-created_at"]
        verbose_name_plural = "batches"

    def __str__(self) -> str:
        return f"batch {self.pk} of {self.endpoint}"
