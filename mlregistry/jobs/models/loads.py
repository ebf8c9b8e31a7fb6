"""What each team has used of late: the tie-break between teams that wait for a worker. Written by claiming."""

from django.db import models
from django.utils import timezone


class TeamLoad(models.Model):
    """Processor seconds of the team's ended attempts, halved with every hour since `at`."""

    team = models.OneToOneField("accounts.Team", models.CASCADE, primary_key=True, related_name="+")
    cpu_seconds = models.FloatField(default=0.0)
    at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return f"{self.cpu_seconds:.0f} s of {self.team}"
