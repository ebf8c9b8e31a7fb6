"""How a job's processes used the machine over time, in its last attempt: one row of arrays. Written by attempts."""

from django.contrib.postgres.fields import ArrayField
from django.db import models

from .jobs import Job


def _numbers() -> "ArrayField[list[float], list[float]]":
    return ArrayField(models.FloatField(), default=list)


class JobSamples(models.Model):
    """At most 600 moments; when they are full every second one goes and the interval doubles."""

    job = models.OneToOneField(Job, models.CASCADE, primary_key=True, related_name="samples")
    seconds = _numbers()  # since the attempt began
    processors = _numbers()  # busy on average since the sample before
    memory_mb = _numbers()
    read_mb = _numbers()  # a second
    written_mb = _numbers()  # a second

    def __str__(self) -> str:
        return f"{len(self.seconds)} samples of {self.job_id}"
