"""A job is a row of background work, and the truth about it; its log is rows beside it.

`attempt` only ever grows: it is the fencing number that every write of a worker carries.
`n_tries` counts the attempts since the job was last queued by a person, against `max_attempts`.
`queue` is the resource class whose workers may take it.
"""

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Coalesce, Greatest
from django.utils import timezone


class State(models.TextChoices):
    QUEUED = "QUEUED", "Queued"
    RUNNING = "RUNNING", "Running"
    PAUSED = "PAUSED", "Paused"
    SUCCEEDED = "SUCCEEDED", "Succeeded"
    FAILED = "FAILED", "Failed"
    CANCELLED = "CANCELLED", "Cancelled"


LIVE = (State.QUEUED, State.RUNNING, State.PAUSED)


class Priority(models.IntegerChoices):
    LOW = -1, "low"
    NORMAL = 0, "normal"
    HIGH = 1, "high"


class Job(models.Model):
    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    team = models.ForeignKey("accounts.Team", models.CASCADE, null=True, blank=True, related_name="jobs")
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+"
    )
    kind = models.CharField(max_length=100)
    title = models.CharField(max_length=300)
    args = models.JSONField(default=dict)
    queue = models.CharField(max_length=50, default="cpu")
    priority = models.SmallIntegerField(choices=Priority.choices, default=Priority.NORMAL)

    state = models.CharField(max_length=10, choices=State.choices, default=State.QUEUED)
    progress = models.FloatField(default=0.0)
    message = models.CharField(max_length=500, blank=True, default="")
    eta_seconds = models.FloatField(null=True, blank=True)
    result = models.JSONField(null=True, blank=True)
    error = models.TextField(blank=True, default="")

    attempt = models.PositiveIntegerField(default=0)
    n_tries = models.PositiveIntegerField(default=0)
    max_attempts = models.PositiveIntegerField(default=3)
    memory_mb = models.PositiveIntegerField(default=2048)
    timeout_seconds = models.PositiveIntegerField(default=3600)

    heartbeat_at = models.DateTimeField(null=True, blank=True)
    worker = models.CharField(max_length=200, blank=True, default="")
    pid = models.PositiveIntegerField(null=True, blank=True)
    child_pid = models.PositiveIntegerField(null=True, blank=True)
    # Of all attempts together; `phases` are pairs of a name and seconds, of the last attempt.
    cpu_seconds = models.FloatField(null=True, blank=True)
    peak_memory_mb = models.FloatField(null=True, blank=True)
    gb_seconds = models.FloatField(default=0.0)
    gpu_seconds = models.FloatField(default=0.0)
    wall_seconds = models.FloatField(default=0.0)
    bytes_read = models.BigIntegerField(default=0)
    bytes_written = models.BigIntegerField(default=0)
    cost = models.FloatField(default=0.0)
    phases = models.JSONField(default=list)
    # What it works on, to estimate jobs like it: cells of its table, and names such as those of estimators.
    n_cells = models.BigIntegerField(null=True, blank=True)
    parts = models.JSONField(default=list)
    n_log_lines = models.PositiveIntegerField(default=0)

    checkpoint = models.JSONField(null=True, blank=True)  # where the work stood at its last safe point
    stop_reason = models.CharField(max_length=300, blank=True, default="")
    cancel_requested_at = models.DateTimeField(null=True, blank=True)
    pause_requested_at = models.DateTimeField(null=True, blank=True)
    scheduled_at = models.DateTimeField(null=True, blank=True)
    nudged_at = models.DateTimeField(null=True, blank=True)
    n_nudges = models.PositiveIntegerField(default=0)  # messages sent; the last one stands for the job
    created_at = models.DateTimeField(default=timezone.now)
    queued_at = models.DateTimeField(default=timezone.now)
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-created_at"]
        indexes = [
            models.Index(fields=["team", "-created_at", "id"], name="jobs_job_of_team"),
            models.Index(fields=["-created_at", "id"], name="jobs_job_newest"),
            models.Index(fields=["team", "started_at"], name="jobs_job_started"),
            # No heartbeat in an index: a heartbeat stays a heap-only update.
            models.Index(fields=["state", "created_at"], condition=Q(state__in=LIVE), name="jobs_job_live"),
            # The lines that claiming compares the heads of.
            models.Index(
                "queue",
                "priority",
                Coalesce("team_id", 0),
                Greatest("queued_at", "scheduled_at"),
                "id",
                condition=Q(state=State.QUEUED),
                name="jobs_job_in_line",
            ),
        ]
        constraints = [
            models.CheckConstraint(condition=Q(progress__gte=0, progress__lte=1), name="jobs_job_progress"),
            models.CheckConstraint(condition=Q(max_attempts__gte=1), name="jobs_job_attempts"),
            models.CheckConstraint(condition=Q(priority__in=Priority.values), name="jobs_job_priority"),
        ]

    def __str__(self) -> str:
        return self.title or self.kind

    @property
    def is_live(self) -> bool:
        return self.state in LIVE

    @property
    def can_pause(self) -> bool:
        """A waiting job always, a running one when its kind stops at safe points."""
        pausable = self.kind in settings.PAUSABLE_JOB_KINDS and self.pause_requested_at is None
        return self.state == State.QUEUED or (self.state == State.RUNNING and pausable)


class JobLog(models.Model):
    id = models.BigAutoField(primary_key=True)
    job = models.ForeignKey(Job, models.CASCADE, related_name="log_lines")
    sequence = models.PositiveIntegerField()
    at = models.DateTimeField(default=timezone.now)
    text = models.TextField()

    class Meta:
        ordering = ["job", "sequence"]
        constraints = [models.UniqueConstraint(fields=["job", "sequence"], name="jobs_log_sequence")]

    def __str__(self) -> str:
        return self.text
