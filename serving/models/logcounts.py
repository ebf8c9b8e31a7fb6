"""What became of the rows that were handed to the prediction log, by endpoint and process."""

from django.db import models


class LogCount(models.Model):
    """Enqueued = written + dropped + waiting. A dead process's row is settled when its last segment is shipped.

    `n_refused` are requests that found the endpoint's queue full: they were never answered, so never enqueued.
    """

    endpoint = models.ForeignKey("serving.Endpoint", on_delete=models.CASCADE, related_name="log_counts")
    source = models.CharField(max_length=60, help_text="the process whose log it was")
    n_enqueued = models.BigIntegerField(default=0)
    n_written = models.BigIntegerField(default=0)
    n_dropped = models.BigIntegerField(default=0)
    n_refused = models.BigIntegerField(default=0)
    changed_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["endpoint", "source"], name="log_count_once")]

    def __str__(self) -> str:
        return f"{self.endpoint_id}/{self.source}"
