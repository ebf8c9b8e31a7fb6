"""REST addresses of problems, datasets, experiments, runs and trainings, under /api/v1/."""

from django.urls import URLPattern, path

from . import (
    contracts,
    datasets,
    experiments,
    logged_models,
    problems,
    runs,
    training_schedules,
    trainings,
    trash,
    upkeep,
)

VERSION = "datasets/<int:dataset_id>/versions/<int:number>"

urlpatterns: list[URLPattern] = [
    path("problems/", problems.Problems.as_view(), name="api-problems"),
    path("problems/<int:problem_id>", problems.OneProblem.as_view(), name="api-problem"),
    path("datasets/", datasets.Datasets.as_view(), name="api-datasets"),
    path("datasets/<int:dataset_id>", datasets.OneDataset.as_view(), name="api-dataset"),
    path("datasets/<int:dataset_id>/versions/", datasets.Versions.as_view(), name="api-dataset-versions"),
    path(VERSION, datasets.OneVersion.as_view(), name="api-dataset-version"),
    path(f"{VERSION}/preview", datasets.VersionPreview.as_view(), name="api-dataset-version-preview"),
    path(f"{VERSION}/fit", datasets.VersionFit.as_view(), name="api-dataset-version-fit"),
    path(f"{VERSION}/checks", contracts.VersionChecks.as_view(), name="api-dataset-version-checks"),
    path(f"{VERSION}/override", contracts.VersionOverride.as_view(), name="api-dataset-version-override"),
    path("datasets/<int:dataset_id>/contract", contracts.Contract.as_view(), name="api-contract"),
    path(
        "datasets/<int:dataset_id>/contract/infer",
        contracts.InferContract.as_view(),
        name="api-contract-infer",
    ),
    path("datasets/<int:dataset_id>/quality", contracts.Quality.as_view(), name="api-quality"),
    path(
        "datasets/<int:dataset_id>/alerts/<int:alert_id>/close",
        contracts.CloseAlert.as_view(),
        name="api-alert-close",
    ),
    path(
        "problems/<int:problem_id>/schedules",
        training_schedules.ProblemSchedules.as_view(),
        name="api-training-schedules",
    ),
    path(
        "training-schedules/<int:schedule_id>",
        training_schedules.OneSchedule.as_view(),
        name="api-training-schedule",
    ),
    path("experiments/", experiments.Experiments.as_view(), name="api-experiments"),
    path("experiments/<int:experiment_id>", experiments.OneExperiment.as_view(), name="api-experiment"),
    path(
        "experiments/<int:experiment_id>/runs",
        experiments.ExperimentRuns.as_view(),
        name="api-experiment-runs",
    ),
    path(
        "experiments/<int:experiment_id>/leaderboard",
        experiments.Leaderboard.as_view(),
        name="api-leaderboard",
    ),
    path(
        "experiments/<int:experiment_id>/logged-models",
        logged_models.ExperimentLoggedModels.as_view(),
        name="api-experiment-logged-models",
    ),
    path("logged-models/<str:model_id>", logged_models.OneLoggedModel.as_view(), name="api-logged-model"),
    path("experiments/<int:experiment_id>/move-runs", upkeep.MoveRuns.as_view(), name="api-move-runs"),
    path("runs/<uuid:run_id>", runs.OneRun.as_view(), name="api-run"),
    path("runs/<uuid:run_id>/log-batch", runs.LogBatch.as_view(), name="api-run-log-batch"),
    path("runs/<uuid:run_id>/heartbeat", upkeep.Heartbeat.as_view(), name="api-run-heartbeat"),
    path("runs/<uuid:run_id>/truncate-metrics", upkeep.TruncateMetrics.as_view(), name="api-run-truncate"),
    path("runs/<uuid:run_id>/metrics/<path:key>", runs.MetricHistory.as_view(), name="api-run-metric"),
    path("runs/<uuid:run_id>/curves", runs.Curves.as_view(), name="api-run-curves"),
    path("runs/<uuid:run_id>/artifacts", runs.Artifacts.as_view(), name="api-run-artifacts"),
    path("runs/<uuid:run_id>/artifacts/<path:path>", runs.OneArtifact.as_view(), name="api-run-artifact"),
    path("trash/", trash.Trash.as_view(), name="api-trash"),
    path("trash/restore", trash.Restore.as_view(), name="api-trash-restore"),
    path("trash/purge", trash.Purge.as_view(), name="api-trash-purge"),
    path("trainings/", trainings.Trainings.as_view(), name="api-trainings"),
]
