"""Reports of an endpoint: what happened in a period, frozen as JSON when it was made; and when they are made."""

from django.conf import settings
from django.db import models

from mlregistry.jobs.models import State


class Rhythm(models.TextChoices):
    """How long a scheduled report's period is; one that somebody asked for has any."""

    DAILY = "daily", "every day"
    WEEKLY = "weekly", "every week"
    MONTHLY = "monthly", "every month"
    ASKED = "asked", "when asked"


class ReportSchedule(models.Model):
    """Periods are whole days, weeks from Monday or months (UTC); the report of one is made `hour` hours after it."""

    endpoint = models.OneToOneField(
        "serving.Endpoint", on_delete=models.CASCADE, related_name="report_schedule"
    )
    rhythm = models.CharField(max_length=7, choices=Rhythm.choices, default=Rhythm.WEEKLY)
    hour = models.PositiveSmallIntegerField(default=6)
    enabled = models.BooleanField(default=True)
    channels = models.ManyToManyField("notices.Channel", related_name="+", blank=True)
    next_at = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return f"reports of {self.endpoint}, {self.get_rhythm_display()}"


class EndpointReport(models.Model):
    """`document` is that of serving.queries.reports, and never changes once it is there; a job makes it.

    `told` says that the channels of the schedule are told of it.
    """

    endpoint = models.ForeignKey("serving.Endpoint", on_delete=models.CASCADE, related_name="reports")
    rhythm = models.CharField(max_length=7, choices=Rhythm.choices)
    since = models.DateTimeField()
    until = models.DateTimeField()
    document = models.JSONField(null=True)
    headline = models.CharField(max_length=300, blank=True, default="")
    error = models.TextField(blank=True, default="")
    told = models.BooleanField(default=False)
    job = models.ForeignKey("jobs.Job", null=True, on_delete=models.SET_NULL, related_name="+")
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    created_at = models.DateTimeField(auto_now_add=True)
    made_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-until", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["endpoint", "rhythm", "until"],
                condition=~models.Q(rhythm="asked"),
                name="endpoint_report_once_per_period",
            )
        ]
        indexes = [models.Index(fields=["endpoint", "-until"], name="endpoint_report_newest")]

    def __str__(self) -> str:
        return f"{self.endpoint}, {self.since:%Y-%m-%d} to {self.until:%Y-%m-%d}"

    @property
    def state(self) -> str:
        """That of its job; a report that was made counts whatever became of the job's row."""
        if self.made_at is not None:
            return State.SUCCEEDED
        return State.FAILED if self.error or self.job is None else self.job.state

    @property
    def is_live(self) -> bool:
        return self.made_at is None and not self.error and self.job is not None and self.job.is_live
