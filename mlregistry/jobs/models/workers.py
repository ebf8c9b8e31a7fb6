"""Processes that do the background work, alive as long as they say so. Written by jobs/actions/workers."""

from django.db import models
from django.utils import timezone


class WorkerProcess(models.Model):
    """A process that takes jobs or schedules them; `name` is host and process id, as jobs name their worker."""

    name = models.CharField(max_length=200, primary_key=True)
    engine = models.CharField(max_length=20)
    queues = models.JSONField(default=list)
    n_slots = models.PositiveIntegerField(default=1)
    version = models.CharField(max_length=40)
    started_at = models.DateTimeField(default=timezone.now)
    beat_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name_plural = "worker processes"

    def __str__(self) -> str:
        return self.name
