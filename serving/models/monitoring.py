"""Drift of an endpoint's traffic: baselines of versions, counters by hour and day, what is declared, checks."""

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models


class BaselineState(models.TextChoices):
    """`failed` also stands for a version whose training rows are not known here."""

    WAITING = "waiting", "waiting"
    READY = "ready", "ready"
    FAILED = "failed", "failed"


class DriftBaseline(models.Model):
    """What a version was trained on, as grids (`document`) and their counters; it never changes once it is ready."""

    version = models.OneToOneField(
        "models_app.ModelVersion", on_delete=models.CASCADE, related_name="drift_baseline"
    )
    state = models.CharField(max_length=8, choices=BaselineState.choices, default=BaselineState.WAITING)
    document = models.JSONField(null=True)
    counters = models.BinaryField(null=True)
    calibration = models.JSONField(null=True, help_text="what estimates its quality, from its test rows")
    n_rows = models.BigIntegerField(default=0)
    notes = models.JSONField(default=list, blank=True)
    error = models.TextField(blank=True, default="")
    dataset_version = models.ForeignKey(
        "experiments.DatasetVersion", null=True, on_delete=models.SET_NULL, related_name="+"
    )
    job = models.ForeignKey("jobs.Job", null=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    made_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"baseline of {self.version}"


class UncountedPredictions(models.Model):
    """Rows of the log that no counter holds yet, by number; written with the rows, removed with their counting."""

    endpoint = models.ForeignKey("serving.Endpoint", on_delete=models.CASCADE, related_name="+")
    version = models.ForeignKey(
        "models_app.ModelVersion", on_delete=models.CASCADE, related_name="+", db_index=False
    )
    first_request = models.UUIDField(help_text="the least request_id, so that only its weeks are read")
    last_request = models.UUIDField()
    numbers = ArrayField(models.BigIntegerField())
    at = models.DateTimeField()

    class Meta:
        verbose_name_plural = "uncounted predictions"

    def __str__(self) -> str:
        return f"{len(self.numbers)} rows of {self.endpoint_id}"


class Span(models.TextChoices):
    HOUR = "h", "hour"
    DAY = "d", "day"


class DriftCount(models.Model):
    """The counters of an hour or a day, which begins at `at` (UTC). A row is in one of each."""

    endpoint = models.ForeignKey(
        "serving.Endpoint", on_delete=models.CASCADE, related_name="drift_counts", db_index=False
    )
    version = models.ForeignKey("models_app.ModelVersion", on_delete=models.CASCADE, related_name="+")
    variant = models.CharField(max_length=60)
    span = models.CharField(max_length=1, choices=Span.choices)
    at = models.DateTimeField()
    n_rows = models.BigIntegerField(default=0)
    n_nulls = models.BigIntegerField(default=0, help_text="rows that were answered with nothing")
    counters = models.BinaryField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["endpoint", "version", "span", "at", "variant"], name="drift_count_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.endpoint_id}/{self.variant} {self.at:%Y-%m-%d %H} ({self.get_span_display()})"


class DriftWatch(models.Model):
    """What an endpoint declares about drift, and when it is looked at next. Without a row the defaults hold."""

    endpoint = models.OneToOneField("serving.Endpoint", on_delete=models.CASCADE, related_name="drift_watch")
    declared = models.JSONField(default=dict, blank=True, help_text="as mlregistry.ml.drift.declaring has it")
    enabled = models.BooleanField(default=True)
    window_hours = models.PositiveIntegerField(default=24)
    every_minutes = models.PositiveIntegerField(default=60)
    next_at = models.DateTimeField(db_index=True)

    class Meta:
        verbose_name_plural = "drift watches"

    def __str__(self) -> str:
        return f"watch of {self.endpoint}"


class DriftVerdict(models.TextChoices):
    """Empty until there is one. `drift`: of so many columns as the endpoint declares; `columns`: of some."""

    NONE = "", "none yet"
    DRIFT = "drift", "drift"
    COLUMNS = "columns", "some columns drift"
    QUIET = "quiet", "no drift"
    TOO_FEW = "too_few", "too few rows"


class DriftCheck(models.Model):
    """One comparison of a window with the baseline of a version; made by a job where somebody asked for it."""

    endpoint = models.ForeignKey(
        "serving.Endpoint", on_delete=models.CASCADE, related_name="drift_checks", db_index=False
    )
    version = models.ForeignKey(
        "models_app.ModelVersion", on_delete=models.CASCADE, related_name="drift_checks"
    )
    since = models.DateTimeField()
    until = models.DateTimeField()
    at = models.DateTimeField()
    verdict = models.CharField(max_length=7, blank=True, default="", choices=DriftVerdict.choices)
    n_rows = models.BigIntegerField(default=0)
    n_compared = models.PositiveIntegerField(default=0)
    n_drifted = models.PositiveIntegerField(default=0)
    n_alarms = models.PositiveIntegerField(default=0, help_text="columns with drift, missing or new values")
    exact = models.BooleanField(default=False, help_text="inputs row by row, not from counters")
    report = models.JSONField(null=True, help_text="left out of old checks")
    quality = models.JSONField(default=dict, blank=True, help_text="as serving.queries.quality has it")
    beyond = models.JSONField(
        default=dict, blank=True, help_text="what no column shows: changes in streams, rows told apart"
    )
    error = models.TextField(blank=True, default="")
    job = models.ForeignKey("jobs.Job", null=True, on_delete=models.SET_NULL, related_name="+")
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )

    class Meta:
        indexes = [models.Index(fields=["endpoint", "version", "-at"], name="drift_check_newest")]

    def __str__(self) -> str:
        return f"{self.endpoint} {self.at:%Y-%m-%d %H:%M}"

    @property
    def share(self) -> float | None:
        """Of the compared columns, those that drifted."""
        return self.n_drifted / self.n_compared if self.n_compared else None

    @property
    def state(self) -> str:
        """ "done", "failed", or that of its job in lower case."""
        if self.error:
            return "failed"
        if self.verdict or self.job is None:
            return "done" if self.verdict else "failed"
        return "running" if self.job.is_live else "failed"
