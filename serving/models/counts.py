"""Answers of each variant by status and hour; every web process adds to these rows."""

from django.contrib.postgres.fields import ArrayField
from django.db import models


class AnswerCount(models.Model):
    """Requests of one hour; `histogram` counts seconds by the bounds in `serving.hotpath.counters`."""

    pk = models.CompositePrimaryKey("endpoint_id", "variant", "version_id", "status", "hour")
    endpoint = models.ForeignKey(
        "serving.Endpoint", on_delete=models.CASCADE, related_name="answer_counts", db_index=False
    )
    variant = models.CharField(max_length=60)
    version_id = models.BigIntegerField(help_text="0 for a request that reached no variant")
    status = models.PositiveSmallIntegerField()
    hour = models.DateTimeField()
    n_requests = models.BigIntegerField(default=0)
    n_rows = models.BigIntegerField(default=0)
    seconds = models.FloatField(default=0)
    histogram = ArrayField(models.BigIntegerField(), default=list)
