"""The prediction log and the feedback on it; written by COPY, read in aggregates."""

import uuid

from django.db import models


class Prediction(models.Model):
    """One answered row: input, output and which variant answered. Partitioned by week of `request_id`, whose first
    48 bits are the time (`serving.partitions`); rows of other ids lie in the default partition.

    `request_id` and `row` make the prediction id. `client_request_id` stands for an X-Request-Id of the
    client's own (as `serving.request_ids` maps it), so feedback may name either.
    """

    request_id = models.UUIDField(default=uuid.uuid4)
    client_request_id = models.UUIDField(null=True, blank=True)
    row = models.PositiveIntegerField(default=0)
    endpoint = models.ForeignKey(
        "serving.Endpoint", on_delete=models.CASCADE, related_name="predictions", db_index=False
    )
    variant = models.CharField(max_length=60)
    version = models.ForeignKey(
        "models_app.ModelVersion", on_delete=models.CASCADE, related_name="+", db_index=False
    )
    unit = models.CharField(max_length=256, blank=True)
    at = models.DateTimeField()
    latency_seconds = models.FloatField()
    input = models.JSONField()
    output = models.JSONField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["request_id", "row"], name="prediction_once")]
        indexes = [
            models.Index(fields=["endpoint", "-at"], name="prediction_newest"),
            models.Index(
                fields=["client_request_id"],
                condition=models.Q(client_request_id__isnull=False),
                name="prediction_by_client_id",
            ),
            models.Index(
                fields=["endpoint", "unit", "-at"], condition=~models.Q(unit=""), name="prediction_by_unit"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.request_id}/{self.row}"


class Feedback(models.Model):
    """The true outcome of a prediction; may come before the log is shipped, the last one counts."""

    endpoint = models.ForeignKey(
        "serving.Endpoint", on_delete=models.CASCADE, related_name="feedback", db_index=False
    )
    request_id = models.UUIDField()
    row = models.PositiveIntegerField(default=0)
    truth = models.JSONField()
    at = models.DateTimeField(auto_now=True)

    class Meta:
        verbose_name_plural = "feedback"
        constraints = [
            models.UniqueConstraint(fields=["endpoint", "request_id", "row"], name="feedback_once")
        ]
        indexes = [models.Index(fields=["endpoint", "-at"], name="feedback_newest")]

    def __str__(self) -> str:
        return f"{self.request_id}/{self.row}"


class UnitFeedback(models.Model):
    """Feedback on a unit whose prediction is not in the log yet; it becomes Feedback once it is."""

    endpoint = models.ForeignKey("serving.Endpoint", on_delete=models.CASCADE, related_name="unit_feedback")
    unit = models.CharField(max_length=256)
    truth = models.JSONField()
    until = models.DateTimeField(help_text="the prediction it is about was made no later")
    received_at = models.DateTimeField()

    class Meta:
        verbose_name_plural = "unit feedback"
        constraints = [
            models.UniqueConstraint(fields=["endpoint", "unit", "until"], name="unit_feedback_once")
        ]

    def __str__(self) -> str:
        return f"{self.endpoint_id}/{self.unit}"
