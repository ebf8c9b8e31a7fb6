"""Runs: one execution each, with the recipe and the data it used."""

from django.conf import settings
from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVector
from django.db import models
from django.utils import timezone

from mlregistry.lib.time_ordered import time_ordered_uuid

from .experiments import Experiment, Lifecycle


class RunStatus(models.TextChoices):
    """MLflow's words."""

    SCHEDULED = "SCHEDULED", "scheduled"
    RUNNING = "RUNNING", "running"
    FINISHED = "FINISHED", "finished"
    FAILED = "FAILED", "failed"
    KILLED = "KILLED", "killed"


LIVE = (RunStatus.SCHEDULED, RunStatus.RUNNING)


# How long a run took, as the search has it: an index serves its very expression alone.
SECONDS = models.Func(
    models.Value("epoch"), models.F("ended_at") - models.F("started_at"), function="date_part",
    output_field=models.FloatField(),
)  # fmt: skip
# The words of a run's name for the search: what joins words in names parts them here.
NAME_WORDS = SearchVector(
    models.Func(models.F("name"), models.Value("-_./:"), models.Value("     "), function="translate",
                output_field=models.TextField()),
    config="simple",
)  # fmt: skip


class Run(models.Model):
    """One execution; `recipe` is null for runs logged from code. The hex of `id` is MLflow's run id."""

    id = models.UUIDField(primary_key=True, default=time_ordered_uuid, editable=False)
    experiment = models.ForeignKey(Experiment, on_delete=models.CASCADE, related_name="runs", db_index=False)
    name = models.CharField(max_length=500, blank=True)
    status = models.CharField(max_length=10, choices=RunStatus.choices, default=RunStatus.RUNNING)
    lifecycle = models.CharField(max_length=10, choices=Lifecycle.choices, default=Lifecycle.ACTIVE)
    estimator = models.CharField(max_length=60, blank=True)
    is_baseline = models.BooleanField(default=False)
    recipe = models.JSONField(null=True, blank=True)
    signature = models.JSONField(null=True, blank=True)
    input_example = models.JSONField(null=True, blank=True)
    warnings = models.JSONField(default=list)
    error = models.TextField(blank=True)
    note = models.TextField(blank=True)
    problem = models.ForeignKey(
        "experiments.Problem", null=True, on_delete=models.SET_NULL, related_name="runs", db_index=False
    )
    dataset_version = models.ForeignKey(
        "experiments.DatasetVersion",
        null=True,
        on_delete=models.SET_NULL,
        related_name="runs",
        db_index=False,
    )
    job = models.ForeignKey(
        "jobs.Job", null=True, on_delete=models.SET_NULL, related_name="runs", db_index=False
    )
    parent = models.ForeignKey(
        "self", null=True, on_delete=models.SET_NULL, related_name="children", db_index=False
    )
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+", db_index=False
    )
    user_name = models.CharField(
        max_length=256, blank=True, help_text="as the client says, which may be wrong"
    )
    changes = models.BigIntegerField(default=0, help_text="raised by each change of what the run logged")
    active_at = models.DateTimeField(
        default=timezone.now, help_text="the last sign of life: a log or a heartbeat"
    )
    timeout_seconds = models.PositiveIntegerField(
        null=True,
        blank=True,
        help_text="ended as KILLED after this time without a sign of life; 0: never; empty: the server's default",
    )
    timed_out = models.BooleanField(default=False, help_text="ended by time-out; a sign of life revives it")
    name_untagged = models.BooleanField(
        default=False, db_default=False, help_text="the tag that repeats the name was deleted"
    )
    started_at = models.DateTimeField(default=timezone.now)
    ended_at = models.DateTimeField(null=True, blank=True)
    deleted_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [
            models.Index(
                fields=["experiment", "lifecycle", "-started_at", "id"], name="run_newest_in_experiment"
            ),
            models.Index(
                fields=["job"],
                condition=models.Q(status__in=["SCHEDULED", "RUNNING"], job__isnull=False),
                name="run_live_of_job",
            ),
            # Most runs have none of these: an index of those that do costs the others nothing.
            *(
                models.Index(
                    fields=[name], condition=models.Q(**{f"{name}__isnull": False}), name=f"run_of_{name}"
                )
                for name in ("problem", "dataset_version", "job", "parent")
            ),
            # Without active_at, which each log raises: it would cost every log an entry in every index.
            models.Index(
                fields=["started_at"],
                condition=models.Q(status="RUNNING", job__isnull=True),
                name="run_live_without_job",
            ),
            models.Index(fields=["ended_at"], condition=models.Q(ended_at__isnull=False), name="run_by_end"),
            models.Index(
                "experiment",
                "lifecycle",
                SECONDS,
                condition=models.Q(ended_at__isnull=False),
                name="run_by_duration",
            ),
            GinIndex(NAME_WORDS, name="run_by_words_of_name"),
        ]

    def __str__(self) -> str:
        return self.name
