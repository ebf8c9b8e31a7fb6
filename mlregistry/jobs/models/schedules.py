"""A schedule enqueues a job of one kind again and again, by a cron line or every so many seconds."""

from django.db import models
from django.db.models import Q

from .jobs import Job


class Schedule(models.Model):
    name = models.CharField(max_length=200, unique=True)
    team = models.ForeignKey("accounts.Team", models.CASCADE, null=True, blank=True, related_name="+")
    kind = models.CharField(max_length=100)
    title = models.CharField(max_length=300, blank=True, default="")
    args = models.JSONField(default=dict, blank=True)
    cron = models.CharField(max_length=100, blank=True, default="")
    every_seconds = models.PositiveIntegerField(null=True, blank=True)
    next_at = models.DateTimeField()
    enabled = models.BooleanField(default=True)
    last_job = models.ForeignKey(Job, models.SET_NULL, null=True, blank=True, related_name="+")

    class Meta:
        ordering = ["name"]
        indexes = [models.Index(fields=["next_at"], condition=Q(enabled=True), name="jobs_schedule_due")]
        constraints = [
            models.CheckConstraint(
                condition=Q(cron="", every_seconds__gte=1) | (~Q(cron="") & Q(every_seconds=None)),
                name="jobs_schedule_one_rhythm",
            )
        ]

    def __str__(self) -> str:
        return self.name
