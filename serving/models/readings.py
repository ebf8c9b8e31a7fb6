"""What an endpoint's counters said each minute, so that any window of minutes is a sum. For alert rules."""

from django.contrib.postgres.fields import ArrayField
from django.db import models


class EndpointReading(models.Model):
    """What came between `since` (the reading before) and `at`; of the first, nothing.

    `open_*` is what the hours from `open_hour` on had counted by then: the next reading takes it off what it finds.
    Histograms are of answers below 400, by the bounds in `serving.hotpath.counters`.
    """

    endpoint = models.ForeignKey(
        "serving.Endpoint", on_delete=models.CASCADE, related_name="readings", db_index=False
    )
    since = models.DateTimeField()
    at = models.DateTimeField()
    n_requests = models.BigIntegerField(default=0)
    n_errors = models.BigIntegerField(default=0, help_text="answers of 5xx")
    n_mistakes = models.BigIntegerField(default=0, help_text="answers of 4xx")
    histogram = ArrayField(models.BigIntegerField(), default=list)
    n_enqueued = models.BigIntegerField(default=0)
    n_dropped = models.BigIntegerField(default=0)
    n_refused = models.BigIntegerField(default=0)
    open_hour = models.DateTimeField()
    open_counts = models.JSONField(default=dict)
    log_totals = models.JSONField(default=dict)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["endpoint", "since"],
                condition=models.Q(at__gt=models.F("since")),
                name="endpoint_reading_once",
            )
        ]
        indexes = [models.Index(fields=["endpoint", "-at"], name="endpoint_reading_newest")]

    def __str__(self) -> str:
        return f"{self.endpoint_id} at {self.at}"
