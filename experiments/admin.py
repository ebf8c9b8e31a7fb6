"""The operator's view of problems, datasets, experiments and runs; every change goes through an action."""

from typing import Any

from django.contrib import admin
from django.utils.html import format_html_join
from django.utils.safestring import SafeString

from experiments.actions import artifacts
from experiments.actions import datasets as dataset_actions
from experiments.actions import experiments as experiment_actions
from experiments.actions import logged_models as logged_model_actions
from experiments.actions import problems as problem_actions
from experiments.actions import recipes as recipe_actions
from experiments.actions import runs as run_actions
from experiments.actions import selections as selection_actions
from experiments.actions import training as training_actions
from experiments.models import (
    Artifact,
    Curve,
    Dataset,
    DatasetVersion,
    Experiment,
    Lifecycle,
    LoggedModel,
    Problem,
    Recipe,
    Run,
    RunStatus,
    SelectionStudy,
)  # fmt: skip
from mlregistry.accounts.models import Team
from mlregistry.admin_lists import RecentValues

from .admin_buttons import Button, ThroughActions
from .admin_rules import RunRuleAdmin as RunRuleAdmin


def _active(row: Any) -> bool:
    return bool(row.lifecycle == Lifecycle.ACTIVE)


def _deleted(row: Any) -> bool:
    return not _active(row)


def _lines(pairs: Any) -> SafeString:
    return format_html_join("", "<div><b>{}</b> {}</div>", pairs)


@admin.register(Problem)
class ProblemAdmin(ThroughActions):
    list_display = ("name", "team", "kind", "target", "primary_metric", "created_by", "created_at")
    list_filter = ("kind", "team", "created_at")
    list_select_related = ("team", "created_by")
    search_fields = ("name", "goal", "target")
    date_hierarchy = "created_at"
    buttons = (Button("remove", "Delete", lambda row, by: problem_actions.delete_problem(row, by=by)),)


@admin.register(Recipe)
class RecipeAdmin(ThroughActions):
    list_display = ("name", "team", "problem", "last_number", "created_by", "created_at")
    list_filter = ("team", "created_at")
    list_select_related = ("team", "problem", "created_by")
    search_fields = ("name", "problem__name")
    date_hierarchy = "created_at"
    buttons = (Button("remove", "Delete", lambda row, by: recipe_actions.delete_recipe(row, by=by)),)


@admin.register(SelectionStudy)
class SelectionStudyAdmin(ThroughActions):
    list_display = ("problem", "team", "data_name", "state", "created_by", "created_at")
    list_filter = ("team", "created_at")
    list_select_related = ("team", "problem", "job", "created_by")
    search_fields = ("problem__name", "data_name")
    date_hierarchy = "created_at"
    buttons = (
        Button(
            "cancel",
            "Cancel",
            lambda row, by: selection_actions.cancel_selection(row, by=by),
            lambda row: row.job is not None and row.job.is_live,
        ),
        Button("remove", "Delete", lambda row, by: selection_actions.delete_selection(row, by=by)),
    )


class VersionInline(admin.TabularInline[DatasetVersion, Dataset]):
    model = DatasetVersion
    fields = readonly_fields = ("number", "filename", "format", "n_rows", "n_columns", "digest", "created_at")
    extra = 0
    can_delete = False
    show_change_link = True


@admin.register(Dataset)
class DatasetAdmin(ThroughActions):
    list_display = ("name", "team", "problem", "last_number", "created_by", "created_at")
    list_filter = ("team", "created_at")
    list_select_related = ("team", "problem", "created_by")
    search_fields = ("name", "description")
    inlines = (VersionInline,)
    buttons = (Button("remove", "Delete", lambda row, by: dataset_actions.delete_dataset(row, by=by)),)


@admin.register(DatasetVersion)
class DatasetVersionAdmin(ThroughActions):
    list_display = ("dataset", "number", "filename", "format", "n_rows", "n_columns", "created_at")
    list_filter = ("format", "dataset__team")
    list_select_related = ("dataset",)
    search_fields = ("dataset__name", "filename", "digest")

    def team_of(self, row: DatasetVersion) -> Team:
        return row.dataset.team


@admin.register(Experiment)
class ExperimentAdmin(ThroughActions):
    list_display = ("name", "team", "problem", "lifecycle", "is_default", "created_by", "created_at")
    list_filter = ("lifecycle", "team", "is_default", "created_at")
    list_select_related = ("team", "problem", "created_by")
    search_fields = ("name", "description")
    buttons = (
        Button(
            "archive", "Archive", lambda row, by: experiment_actions.delete_experiment(row, by=by), _active
        ),
        Button(
            "restore", "Restore", lambda row, by: experiment_actions.restore_experiment(row, by=by), _deleted
        ),
        Button(
            "cancel",
            "Cancel trainings",
            lambda row, by: training_actions.cancel_trainings(row, by=by),
            _active,
        ),
    )


@admin.register(Run)
class RunAdmin(ThroughActions):
    list_display = (
        "name",
        "experiment",
        "estimator",
        "status",
        "lifecycle",
        "is_baseline",
        "started_at",
        "ended_at",
    )
    list_filter = ("status", "lifecycle", "is_baseline", "experiment__team", ("estimator", RecentValues))
    list_select_related = ("experiment",)
    search_fields = ("name", "id", "experiment__name", "note")
    readonly_fields = ("params_logged", "latest_metrics_logged", "tags_logged")
    buttons = (
        Button("archive", "Archive", lambda row, by: run_actions.delete_run(row, by=by), _active),
        Button("restore", "Restore", lambda row, by: run_actions.restore_run(row, by=by), _deleted),
        Button(
            "cancel",
            "Cancel its training",
            lambda row, by: training_actions.cancel_training(row.job, by=by),
            lambda row: row.job is not None and row.status in (RunStatus.SCHEDULED, RunStatus.RUNNING),
        ),
    )

    def team_of(self, row: Run) -> Team:
        return row.experiment.team

    @admin.display(description="params")
    def params_logged(self, row: Run) -> SafeString:
        return _lines(row.params.order_by("key").values_list("key", "value"))

    @admin.display(description="latest metrics")
    def latest_metrics_logged(self, row: Run) -> SafeString:
        rows = row.latest_metrics.order_by("key").values_list("key", "value", "is_nan")
        return _lines((key, "NaN" if is_nan else f"{value:.6g}") for key, value, is_nan in rows)

    @admin.display(description="tags")
    def tags_logged(self, row: Run) -> SafeString:
        return _lines(row.tags.order_by("key").values_list("key", "value"))


@admin.register(LoggedModel)
class LoggedModelAdmin(ThroughActions):
    list_display = (
        "name",
        "model_id",
        "experiment",
        "status",
        "lifecycle",
        "model_type",
        "created_by",
        "created_at",
    )
    list_filter = ("status", "lifecycle", "experiment__team", "created_at")
    list_select_related = ("experiment", "created_by")
    search_fields = ("name", "id", "experiment__name")
    date_hierarchy = "created_at"
    buttons = (
        Button(
            "archive",
            "Archive",
            lambda row, by: logged_model_actions.delete_logged_model(row, by=by),
            _active,
        ),
        Button(
            "restore",
            "Restore",
            lambda row, by: logged_model_actions.restore_logged_model(row, by=by),
            _deleted,
        ),
    )

    def team_of(self, row: LoggedModel) -> Team:
        return row.experiment.team


@admin.register(Artifact)
class ArtifactAdmin(ThroughActions):
    list_display = ("path", "run", "size", "created_at")
    list_filter = ("team",)
    list_select_related = ("run", "logged_model", "team", "file")
    search_fields = ("path", "run__name", "run__id")
    buttons = (Button("remove", "Delete", lambda row, by: artifacts.delete_artifact(row, by=by)),)

    def team_of(self, row: Artifact) -> Team:
        return row.team

    @admin.display(description="bytes")
    def size(self, row: Artifact) -> int:
        return row.file.size


@admin.register(Curve)
class CurveAdmin(ThroughActions):
    list_display = ("name", "run")
    list_filter = (("name", RecentValues),)
    list_select_related = ("run",)
    search_fields = ("name", "run__name")

    def team_of(self, row: Curve) -> Team:
        return row.run.experiment.team
