"""The JSON of problems, datasets, experiments and runs: what comes in, what goes out, the schema of both."""

from collections.abc import Mapping
from typing import Any

from rest_framework import serializers

from experiments.models import Artifact, Dataset, DatasetPart, DatasetVersion, Experiment, Problem, Run
from experiments.queries import space
from mlregistry.jobs.models import Priority
from mlregistry.lib.floats import shown
from mlregistry.ml.search.space import USUAL

USUAL_ESTIMATORS = (
    "without them and `recipes`, those usual for the kind and not too slow for the rows: "
    + "; ".join(f"{kind}: {', '.join(names)}" for kind, names in USUAL.items())
)


class Pages(serializers.Serializer[Any]):
    """The frame of a list; `results` holds the rows."""

    next = serializers.CharField(allow_null=True)
    previous = serializers.CharField(allow_null=True)


class ProblemOut(serializers.ModelSerializer[Problem]):
    """`user_column` and `item_column` are those of a recommendation, "" for other kinds."""

    user_column = serializers.SerializerMethodField()
    item_column = serializers.SerializerMethodField()

    class Meta:
        model = Problem
        fields = (
            "id", "name", "kind", "goal", "features", "target", "primary_metric", "direction",
            "success_threshold", "granularity", "time_column", "user_column", "item_column", "created_by",
            "created_at", "updated_at",
        )  # fmt: skip

    def get_user_column(self, problem: Problem) -> str:
        return problem.key_column(0)

    def get_item_column(self, problem: Problem) -> str:
        return problem.key_column(1)


class ProblemIn(serializers.Serializer[Any]):
    name = serializers.CharField(max_length=200)
    kind = serializers.CharField()
    goal = serializers.CharField(required=False, allow_blank=True, trim_whitespace=False)
    features = serializers.ListField(child=serializers.CharField(), required=False, max_length=2000)
    target = serializers.CharField(
        required=False,
        allow_blank=True,
        trim_whitespace=False,
        help_text="the column to predict; optional: a recommendation's ratings, a clustering's known labels",
    )
    primary_metric = serializers.CharField(required=False, allow_blank=True)
    direction = serializers.CharField(required=False, allow_null=True)
    success_threshold = serializers.FloatField(required=False, allow_null=True)
    granularity = serializers.ListField(child=serializers.CharField(), required=False, max_length=20)
    time_column = serializers.CharField(required=False, allow_blank=True)
    user_column = serializers.CharField(
        required=False, allow_blank=True, help_text="recommendation: who; the first of granularity"
    )
    item_column = serializers.CharField(
        required=False, allow_blank=True, help_text="recommendation: had what; the second of granularity"
    )


class FindingOut(serializers.Serializer[Any]):
    severity = serializers.ChoiceField(["error", "warning"])
    column = serializers.CharField(allow_null=True)
    message = serializers.CharField()
    advice = serializers.CharField(help_text="what to do about it")


class DatasetOut(serializers.ModelSerializer[Dataset]):
    class Meta:
        model = Dataset
        fields = ("id", "name", "description", "problem", "last_number", "created_by", "created_at")


class DatasetIn(serializers.Serializer[Any]):
    name = serializers.CharField(max_length=200)
    description = serializers.CharField(required=False, allow_blank=True)
    problem = serializers.IntegerField(required=False, allow_null=True)


class PartOut(serializers.ModelSerializer[DatasetPart]):
    sha256 = serializers.CharField(source="file.sha256")
    size = serializers.IntegerField(source="file.size")

    class Meta:
        model = DatasetPart
        fields = ("sha256", "size", "n_rows")


class VersionOut(serializers.ModelSerializer[DatasetVersion]):
    """`size` is that of the file as it came, or of the parts where there was none."""

    size = serializers.SerializerMethodField()
    parts = PartOut(many=True)

    class Meta:
        model = DatasetVersion
        fields = (
            "id", "dataset", "number", "digest", "filename", "format", "size", "n_rows", "n_columns",
            "columns", "notes", "parts", "diff", "created_by", "created_at",
        )  # fmt: skip

    def get_size(self, version: DatasetVersion) -> int:
        if version.original is not None:
            return version.original.size
        return sum(part.file.size for part in version.parts.all())


class PreviewOut(serializers.Serializer[Any]):
    offset = serializers.IntegerField()
    n_rows = serializers.IntegerField()
    columns = serializers.ListField(child=serializers.CharField())
    rows = serializers.ListField(child=serializers.DictField())


class ExperimentOut(serializers.ModelSerializer[Experiment]):
    class Meta:
        model = Experiment
        fields = (
            "id", "name", "description", "problem", "tags", "lifecycle", "is_default", "created_by",
            "created_at", "updated_at",
        )  # fmt: skip


class ExperimentDetail(ExperimentOut):
    """With the bytes of its files, each counted once."""

    size = serializers.SerializerMethodField()

    class Meta(ExperimentOut.Meta):
        fields = (*ExperimentOut.Meta.fields, "size")  # type: ignore[assignment]  # the stubs want the base's own length

    def get_size(self, experiment: Experiment) -> int:
        return space.of_experiment(experiment.pk)


class ExperimentIn(serializers.Serializer[Any]):
    name = serializers.CharField(max_length=500)
    description = serializers.CharField(required=False, allow_blank=True)
    problem = serializers.IntegerField(required=False, allow_null=True)
    tags = serializers.DictField(child=serializers.CharField(allow_blank=True), required=False)


class ExperimentChange(ExperimentIn):
    lifecycle = serializers.ChoiceField(["active", "deleted"], required=False)


class RunOut(serializers.ModelSerializer[Run]):
    """A run that came through queries.runs.with_measurements."""

    params = serializers.SerializerMethodField()
    metrics = serializers.SerializerMethodField()
    tags = serializers.SerializerMethodField()

    class Meta:
        model = Run
        fields = (
            "id", "experiment", "name", "status", "lifecycle", "estimator", "is_baseline", "problem",
            "dataset_version", "job", "parent", "params", "metrics", "tags", "note", "error", "created_by",
            "started_at", "ended_at",
        )  # fmt: skip

    def get_params(self, run: Run) -> dict[str, str]:
        return {param.key: param.value for param in run.params.all()}

    def get_metrics(self, run: Run) -> dict[str, float | None]:
        return {metric.key: shown(metric.value, metric.is_nan) for metric in run.latest_metrics.all()}

    def get_tags(self, run: Run) -> dict[str, str]:
        return {tag.key: tag.value for tag in run.tags.all()}


class RunDetail(RunOut):
    """With everything that takes room, and the bytes of its files, each counted once."""

    size = serializers.SerializerMethodField()

    class Meta(RunOut.Meta):
        fields = (  # type: ignore[assignment]  # the stubs want the base's own length
            *RunOut.Meta.fields, "recipe", "signature", "input_example", "warnings", "active_at",
            "timeout_seconds", "timed_out", "size",
        )  # fmt: skip

    def get_size(self, run: Run) -> int:
        return space.of_run(run.pk)


class RunIn(serializers.Serializer[Any]):
    name = serializers.CharField(required=False, allow_blank=True, max_length=500)
    recipe = serializers.DictField(required=False, allow_null=True)
    dataset_version = serializers.IntegerField(required=False, allow_null=True)
    parent = serializers.UUIDField(required=False, allow_null=True)  # type: ignore[assignment]  # a field's name that the base has too
    is_baseline = serializers.BooleanField(required=False)
    started_at = serializers.DateTimeField(required=False, allow_null=True)


class RunChange(serializers.Serializer[Any]):
    name = serializers.CharField(required=False, max_length=500)
    status = serializers.CharField(required=False)
    started_at = serializers.DateTimeField(required=False)
    ended_at = serializers.DateTimeField(required=False)
    note = serializers.CharField(required=False, allow_blank=True, trim_whitespace=False)
    lifecycle = serializers.ChoiceField(["active", "deleted"], required=False)


class MetricIn(serializers.Serializer[Any]):
    """`value` may be the texts NaN, Infinity and -Infinity, which JSON has no numbers for."""

    key = serializers.CharField(trim_whitespace=False)
    value = serializers.JSONField()
    step = serializers.IntegerField(required=False)
    timestamp = serializers.IntegerField(required=False, allow_null=True, help_text="milliseconds since 1970")

    def validate_value(self, value: Any) -> float:
        if isinstance(value, str) and value in ("NaN", "Infinity", "-Infinity"):
            return float(value)
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise serializers.ValidationError("A number, or one of the texts NaN, Infinity, -Infinity.")
        try:
            return float(value)
        except OverflowError as error:
            raise serializers.ValidationError("This number is too large.") from error

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, Mapping):
            for name in ("step", "timestamp"):
                if isinstance(data.get(name), (bool, float, str)):
                    raise serializers.ValidationError({name: "A whole number."})
        return super().to_internal_value(data)


class BatchIn(serializers.Serializer[Any]):
    metrics = MetricIn(many=True, required=False)
    params = serializers.DictField(
        child=serializers.CharField(allow_blank=True, trim_whitespace=False), required=False
    )
    tags = serializers.DictField(
        child=serializers.CharField(allow_blank=True, trim_whitespace=False), required=False
    )


class PointOut(serializers.Serializer[Any]):
    step = serializers.IntegerField()
    timestamp = serializers.IntegerField()
    value = serializers.FloatField(allow_null=True)


class HistoryOut(serializers.Serializer[Any]):
    key = serializers.CharField()
    points = PointOut(many=True)


class ArtifactOut(serializers.ModelSerializer[Artifact]):
    size = serializers.IntegerField(source="file.size")
    sha256 = serializers.CharField(source="file.sha256")
    content_type = serializers.CharField(source="file.content_type")

    class Meta:
        model = Artifact
        fields = ("path", "size", "sha256", "content_type", "created_at")


class TrainingIn(serializers.Serializer[Any]):
    """`recipes`, or `estimators` with what they share."""

    problem = serializers.IntegerField()
    dataset_version = serializers.IntegerField(required=False)
    dataset = serializers.IntegerField(required=False, help_text="its newest version is used")
    experiment = serializers.IntegerField(required=False, allow_null=True)
    estimators = serializers.ListField(
        child=serializers.CharField(), required=False, help_text=USUAL_ESTIMATORS
    )
    recipes = serializers.ListField(child=serializers.DictField(), required=False)
    seed = serializers.IntegerField(required=False)
    folds = serializers.IntegerField(required=False)
    repeats = serializers.IntegerField(required=False, help_text="of the cross-validation")
    split = serializers.DictField(
        required=False,
        help_text="method, test_fraction, validation_fraction, stratify, order and gap (by_time), group",
    )
    calibration = serializers.CharField(required=False, help_text="none, sigmoid or isotonic")
    threshold = serializers.CharField(required=False, help_text="half, or tuned for the primary metric")
    preparation = serializers.DictField(required=False)
    steps = serializers.JSONField(required=False, help_text="in place of the preparation")
    priority = serializers.ChoiceField(
        choices=Priority.labels, required=False, help_text="high is for owners"
    )
    resource_class = serializers.CharField(
        max_length=50, required=False, help_text="which machines may take it"
    )


class TrainingOut(serializers.Serializer[Any]):
    experiment = serializers.IntegerField()
    job = serializers.UUIDField()
    runs = serializers.ListField(child=serializers.UUIDField())


class LeaderboardRow(serializers.Serializer[Any]):
    run = RunOut()
    score = serializers.FloatField(allow_null=True)
    is_best = serializers.BooleanField()
    beats_baseline = serializers.BooleanField(allow_null=True)
    meets_threshold = serializers.BooleanField(allow_null=True)
    low = serializers.FloatField(allow_null=True, help_text="of the score's 95 % interval on the test rows")
    high = serializers.FloatField(allow_null=True)
    like_best = serializers.BooleanField(
        allow_null=True, help_text="not shown to be worse than the best run; null when that cannot be told"
    )
