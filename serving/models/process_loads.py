"""What the processes that serve took of processor and memory, by five minutes, for the page “Monitoring”."""

from django.db import models


class ProcessLoad(models.Model):
    """One process (`name`, as in ServingWorker) in the five minutes from `at`. `memory_bytes` is the most it held."""

    name = models.CharField(max_length=120)
    at = models.DateTimeField()
    seconds = models.FloatField(default=0, help_text="how long it was measured")
    cpu_seconds = models.FloatField(default=0)
    memory_bytes = models.BigIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["at", "name"], name="process_load_once")]

    def __str__(self) -> str:
        return f"{self.name} at {self.at}"
