"""REST addresses of problems, datasets, experiments, runs and trainings, under /api/v1/."""

from django.urls import URLPattern, path

from . import datasets, experiments, logged_models, problems, runs, sources, trainings, trash, upkeep

VERSION = "datasets/<int:dataset_id>/versions/<int:number>"
SOURCES = "datasets/<int:dataset_id>/sources"

urlpatterns: list[URLPattern] = [
    path("problems/", problems.Problems.as_view(), name="api-problems"),
    path("problems/<int:problem_id>", problems.OneProblem.as_view(), name="api-problem"),
    path("datasets/", datasets.Datasets.as_view(), name="api-datasets"),
    path("datasets/<int:dataset_id>", datasets.OneDataset.as_view(), name="api-dataset"),
    path("datasets/<int:dataset_id>/versions/", datasets.Versions.as_view(), name="api-dataset-versions"),
    path(VERSION, datasets.OneVersion.as_view(), name="api-dataset-version"),
    path(f"{VERSION}/preview", datasets.VersionPreview.as_view(), name="api-dataset-version-preview"),
    path(f"{VERSION}/fit", datasets.VersionFit.as_view(), name="api-dataset-version-fit"),
    path(f"{VERSION}/download", datasets.VersionDownload.as_view(), name="api-dataset-version-download"),
    path(f"{SOURCES}/", sources.Sources.as_view(), name="api-sources"),
    path(f"{SOURCES}/preview", sources.TrySource.as_view(), name="api-source-try"),
    path(f"{SOURCES}/<int:source_id>", sources.OneSource.as_view(), name="api-source"),
    path(f"{SOURCES}/<int:source_id>/preview", sources.SourcePreview.as_view(), name="api-source-preview"),
    path(f"{SOURCES}/<int:source_id>/refresh", sources.SourceRefresh.as_view(), name="api-source-refresh"),
    path("datasets/<int:dataset_id>/rows", sources.Rows.as_view(), name="api-dataset-rows"),
    path("datasets/<int:dataset_id>/rows/roll", sources.RollRows.as_view(), name="api-dataset-rows-roll"),
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
