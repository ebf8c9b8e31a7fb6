"""What a run logs: params, metrics with their history, tags and curves; written in bulk, read by index."""

import math
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.lookups import GreaterThan, LessThanOrEqual

# These rows are written only while their run's row is locked (see actions.measurements), so a check of the
# reference for each of thousands of points would find nothing; and a primary key that begins with the run
# needs no second index on it.
UNCHECKED: dict[str, Any] = {"db_index": False, "db_constraint": False}


# An entry of an index has room for so many bytes of a value beside its keys.
INDEXED_BYTES = 200
VALUE_BYTES = models.Func("value", function="octet_length", output_field=models.IntegerField())


class Param(models.Model):
    """Write-once string; `experiment` is repeated so that a filter is one index range."""

    pk = models.CompositePrimaryKey("run_id", "key")
    run = models.ForeignKey("experiments.Run", on_delete=models.CASCADE, related_name="params", **UNCHECKED)
    experiment = models.ForeignKey(
        "experiments.Experiment", on_delete=models.CASCADE, related_name="+", **UNCHECKED
    )
    key = models.CharField(max_length=250)
    value = models.TextField()

    class Meta:
        indexes = [
            models.Index(models.F("experiment"), models.F("key"), models.Func(
                "value", 200, function="LEFT", output_field=models.TextField()), name="param_by_value"),
            # All runs are grouped by a param without a look at the table, through which its values are scattered.
            models.Index(
                fields=["experiment", "key", "run"], include=["value"],
                condition=models.Q(LessThanOrEqual(VALUE_BYTES, INDEXED_BYTES)), name="param_by_run",
            ),
            models.Index(
                fields=["experiment", "key", "run"],
                condition=models.Q(GreaterThan(VALUE_BYTES, INDEXED_BYTES)), name="param_long_by_run",
            ),
        ]  # fmt: skip


class LatestMetric(models.Model):
    """The newest point of each metric by (step, timestamp, value), as MLflow defines it, and its extremes."""

    pk = models.CompositePrimaryKey("run_id", "key")
    run = models.ForeignKey(
        "experiments.Run", on_delete=models.CASCADE, related_name="latest_metrics", **UNCHECKED
    )
    experiment = models.ForeignKey(
        "experiments.Experiment", on_delete=models.CASCADE, related_name="+", **UNCHECKED
    )
    key = models.CharField(max_length=250)
    value = models.FloatField()
    is_nan = models.BooleanField(default=False)
    step = models.BigIntegerField(default=0)
    timestamp = models.BigIntegerField(help_text="milliseconds since 1970")
    minimum = models.FloatField(null=True, help_text="over the whole history; null when all of it is NaN")
    maximum = models.FloatField(null=True)

    class Meta:
        indexes = [
            models.Index(
                fields=["experiment", "key", "value", "run"],
                include=["is_nan", "minimum", "maximum"],
                name="latest_metric_by_value",
            )
        ]

    @property
    def number(self) -> float:
        """The value, NaN where it is stored as such."""
        return math.nan if self.is_nan else self.value


class MetricChunk(models.Model):
    """The points of one metric that one call logged, as arrays of equal length; NaN is NaN in `numbers`.

    Rows of arrays take a tenth of the space and time of a row per point. A call that is sent again leaves its
    points twice: whoever reads takes each point once, as the view behind MetricPoint does.
    """

    pk = models.CompositePrimaryKey("run_id", "key", "change")
    run = models.ForeignKey(
        "experiments.Run", on_delete=models.CASCADE, related_name="metric_chunks", **UNCHECKED
    )
    key = models.CharField(max_length=250)
    change = models.BigIntegerField(help_text="the run's count of changes when this was logged")
    first_at = models.BigIntegerField(help_text="the least of `timestamps`")
    last_at = models.BigIntegerField(help_text="the greatest of `timestamps`")
    timestamps = ArrayField(models.BigIntegerField(help_text="milliseconds since 1970"))
    steps = ArrayField(models.BigIntegerField())
    numbers = ArrayField(models.FloatField())
    # Known without unpacking an array.
    n_points = models.GeneratedField(
        expression=models.Func("timestamps", function="cardinality"),
        output_field=models.IntegerField(),
        db_persist=True,
    )


class MetricPoint(models.Model):
    """A view of the chunks: every logged value once, to read; NaN is a flag beside the value 0."""

    pk = models.CompositePrimaryKey("run_id", "key", "timestamp", "step", "value", "is_nan")
    run = models.ForeignKey(
        "experiments.Run", on_delete=models.DO_NOTHING, related_name="metric_points", **UNCHECKED
    )
    key = models.CharField(max_length=250)
    step = models.BigIntegerField(default=0)
    timestamp = models.BigIntegerField(help_text="milliseconds since 1970")
    value = models.FloatField()
    is_nan = models.BooleanField(default=False)

    class Meta:
        managed = False
        db_table = "experiments_metricpoint"


class RunTag(models.Model):
    """Rewritable string."""

    pk = models.CompositePrimaryKey("run_id", "key")
    run = models.ForeignKey("experiments.Run", on_delete=models.CASCADE, related_name="tags", **UNCHECKED)
    experiment = models.ForeignKey(
        "experiments.Experiment", on_delete=models.CASCADE, related_name="+", **UNCHECKED
    )
    key = models.CharField(max_length=250)
    value = models.TextField()

    class Meta:
        indexes = [models.Index(models.F("experiment"), models.F("key"), models.Func(
            "value", 200, function="LEFT", output_field=models.TextField()), name="run_tag_by_value")]  # fmt: skip


class Curve(models.Model):
    """A curve or matrix as data (roc, pr, confusion_matrix, residuals …); the page draws it."""

    run = models.ForeignKey("experiments.Run", on_delete=models.CASCADE, related_name="curves")
    name = models.CharField(max_length=60)
    data = models.JSONField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["run", "name"], name="curve_once_per_run")]

    def __str__(self) -> str:
        return self.name
