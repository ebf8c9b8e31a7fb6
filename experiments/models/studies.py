"""Hyperparameter searches: a study, its trials, and the jobs (lanes) that work on it.

`attempt` of a trial is its fencing number: each time somebody takes the trial it grows, and only the newest may write.
"""

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models


class StudyState(models.TextChoices):
    RUNNING = "RUNNING", "running"
    PAUSED = "PAUSED", "paused"
    COMPLETE = "COMPLETE", "complete"
    CANCELLED = "CANCELLED", "cancelled"
    FAILED = "FAILED", "failed"


class TrialState(models.TextChoices):
    """Optuna's words, but FAILED."""

    WAITING = "WAITING", "waiting"
    RUNNING = "RUNNING", "running"
    COMPLETE = "COMPLETE", "complete"
    PRUNED = "PRUNED", "pruned"
    FAILED = "FAILED", "failed"


OPEN_STUDY = (StudyState.RUNNING, StudyState.PAUSED)


class Study(models.Model):
    """`space`, `sampler` and `pruner` are those of mlregistry.ml.search; `recipe` is what each trial starts from.

    `run` is the parent of the trials' runs, `winner` the refitted best. Without a problem the trials are
    measured by somebody else's code, which asks and tells over the API.
    """

    team = models.ForeignKey("accounts.Team", on_delete=models.CASCADE, related_name="studies")
    name = models.CharField(max_length=200)
    experiment = models.ForeignKey("experiments.Experiment", on_delete=models.CASCADE, related_name="studies")
    problem = models.ForeignKey(
        "experiments.Problem", null=True, on_delete=models.SET_NULL, related_name="studies"
    )
    has_problem = models.BooleanField(default=True)
    dataset_version = models.ForeignKey(
        "experiments.DatasetVersion", null=True, on_delete=models.SET_NULL, related_name="studies"
    )
    data_name = models.CharField(max_length=300, blank=True)
    run = models.ForeignKey("experiments.Run", null=True, on_delete=models.SET_NULL, related_name="+")
    winner = models.ForeignKey("experiments.Run", null=True, on_delete=models.SET_NULL, related_name="+")

    space = models.JSONField()
    recipe = models.JSONField(default=dict)
    objectives = models.JSONField(help_text="a list of {metric, direction}")
    sampler = models.CharField(max_length=20)
    pruner = models.CharField(max_length=20, default="none")
    shares = ArrayField(
        models.FloatField(), default=list, help_text="shares of the rows measured before the folds"
    )
    seed = models.BigIntegerField(default=42)
    warm_from = ArrayField(models.BigIntegerField(), default=list, help_text="earlier studies told in first")

    outer_folds = models.PositiveSmallIntegerField(
        default=0, help_text="in each of which the whole search is repeated once it has ended"
    )
    n_lanes = models.PositiveIntegerField(default=1)
    max_trials = models.PositiveIntegerField()
    max_seconds = models.PositiveIntegerField(null=True)
    max_cost = models.FloatField(null=True)
    patience = models.PositiveIntegerField(
        null=True, help_text="ends after so many trials without improvement"
    )
    trial_seconds = models.PositiveIntegerField(default=600)
    trial_memory_mb = models.PositiveIntegerField(default=2048)

    state = models.CharField(max_length=10, choices=StudyState.choices, default=StudyState.RUNNING)
    reason = models.TextField(blank=True)
    next_number = models.PositiveIntegerField(default=0)
    best_number = models.PositiveIntegerField(null=True)
    best_value = models.FloatField(null=True)
    n_since_best = models.PositiveIntegerField(default=0)
    cpu_seconds = models.FloatField(default=0.0)
    used_seconds = models.FloatField(default=0.0, help_text="worked on before the last resume")
    resumed_at = models.DateTimeField(null=True)
    n_revived = models.PositiveIntegerField(default=0, help_text="lanes started for ones that died for good")
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    created_at = models.DateTimeField(auto_now_add=True)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["team", "-created_at"], name="study_of_team"),
            models.Index(fields=["id"], condition=models.Q(state="RUNNING"), name="study_running"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_open(self) -> bool:
        return self.state in OPEN_STUDY

    @property
    def directions(self) -> list[str]:
        return [objective["direction"] for objective in self.objectives]


class Trial(models.Model):
    """One point of the space; `intermediate` holds [step, value] as reported, `system_attrs` is the sampler's."""

    study = models.ForeignKey(Study, on_delete=models.CASCADE, related_name="trials", db_index=False)
    number = models.PositiveIntegerField()
    state = models.CharField(max_length=10, choices=TrialState.choices, default=TrialState.RUNNING)
    params = models.JSONField(null=True, help_text="empty until the sampler has proposed them")
    values = ArrayField(models.FloatField(), null=True)
    intermediate = models.JSONField(default=list)
    system_attrs = models.JSONField(default=dict)
    attempt = models.PositiveIntegerField(default=1)
    lease_until = models.DateTimeField(null=True)
    worker = models.CharField(max_length=200, blank=True)
    run = models.ForeignKey("experiments.Run", null=True, on_delete=models.SET_NULL, related_name="+")
    error = models.TextField(blank=True)
    seconds = models.FloatField(null=True)
    cpu_seconds = models.FloatField(null=True)
    peak_memory_mb = models.FloatField(null=True)
    started_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["study", "number"], name="trial_number_once_per_study")
        ]
        indexes = [
            models.Index(
                fields=["study", "number"],
                condition=models.Q(state__in=["WAITING", "RUNNING"]),
                name="trial_open",
            )
        ]

    def __str__(self) -> str:
        return f"{self.study} #{self.number}"

    @property
    def reports(self) -> dict[int, float]:
        return {int(step): float(value) for step, value in self.intermediate}


class StudyLane(models.Model):
    """One job that works on the study."""

    study = models.ForeignKey(Study, on_delete=models.CASCADE, related_name="lanes")
    job = models.ForeignKey("jobs.Job", on_delete=models.CASCADE, related_name="+")

    def __str__(self) -> str:
        return f"Lane of {self.study}"
