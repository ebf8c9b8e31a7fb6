"""The processes that serve, and what each has of the routing: `deploy` waits on these rows."""

from django.db import models


class ServingWorker(models.Model):
    """One process. `failures` names, by endpoint id, what it could not load; `seen_at` rises every few seconds."""

    name = models.CharField(max_length=120, unique=True)
    host = models.CharField(max_length=100)
    pid = models.PositiveIntegerField()
    epoch = models.BigIntegerField()
    failures = models.JSONField(default=dict)
    seen_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.name
