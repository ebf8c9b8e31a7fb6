"""Addresses of the pages from problem to run."""

from django.urls import URLPattern, path

from experiments.web import datasets, experiments, problems, runs, sources, training, trash

urlpatterns: list[URLPattern] = [
    path("problems/", problems.problems, name="problems"),
    path("problems/new", problems.create, name="problem-create"),
    path("problems/<int:problem_id>/", problems.problem, name="problem"),
    path("problems/<int:problem_id>/edit", problems.edit, name="problem-edit"),
    path("problems/<int:problem_id>/delete", problems.delete, name="problem-delete"),
    path("problems/<int:problem_id>/train", training.train, name="train"),
    path("datasets/", datasets.datasets, name="datasets"),
    path("datasets/new", datasets.create, name="dataset-create"),
    path("datasets/<int:dataset_id>/", datasets.dataset, name="dataset"),
    path("datasets/<int:dataset_id>/delete", datasets.delete, name="dataset-delete"),
    path("datasets/<int:dataset_id>/versions/<int:number>/", datasets.version, name="dataset-version"),
    path(
        "datasets/<int:dataset_id>/versions/<int:number>/download", datasets.download, name="dataset-download"
    ),
    path("datasets/<int:dataset_id>/sources/new", sources.choose, name="source-choose"),
    path("datasets/<int:dataset_id>/sources/new/<slug:kind>", sources.create, name="source-create"),
    path("datasets/<int:dataset_id>/sources/<int:source_id>/", sources.source, name="source"),
    path("datasets/<int:dataset_id>/sources/<int:source_id>/refresh", sources.refresh, name="source-refresh"),
    path("datasets/<int:dataset_id>/sources/<int:source_id>/delete", sources.delete, name="source-delete"),
    path("datasets/<int:dataset_id>/rows/roll", sources.roll, name="rows-roll"),
    path("experiments/", experiments.experiments, name="experiments"),
    path("experiments/new", experiments.create, name="experiment-create"),
    path("experiments/<int:experiment_id>/", experiments.experiment, name="experiment"),
    path("experiments/<int:experiment_id>/delete", experiments.delete, name="experiment-delete"),
    path("experiments/<int:experiment_id>/restore", experiments.restore, name="experiment-restore"),
    path("trash/", trash.trash, name="trash"),
    path("trash/restore", trash.restore, name="trash-restore"),
    path("trash/purge", trash.purge, name="trash-purge"),
    path("runs/<uuid:run_id>/", runs.run, name="run"),
    path("runs/<uuid:run_id>/note", runs.note, name="run-note"),
    path("runs/<uuid:run_id>/delete", runs.delete, name="run-delete"),
    path("runs/<uuid:run_id>/restore", runs.restore, name="run-restore"),
    path("runs/<uuid:run_id>/artifacts/<int:artifact_id>", runs.artifact, name="run-artifact"),
    path("compare", runs.compare, name="compare"),
]
