"""Addresses of the pages from problem to run."""

from django.urls import URLPattern, path

from experiments.web import (
    contracts,
    datasets,
    experiments,
    problems,
    quality,
    runs,
    training,
    training_schedules,
    trash,
)

VERSION = "datasets/<int:dataset_id>/versions/<int:number>"

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
    path("datasets/<int:dataset_id>/contract", contracts.contract, name="contract"),
    path("datasets/<int:dataset_id>/alerts/<int:alert_id>/close", contracts.close_alert, name="alert-close"),
    path(f"{VERSION}/checks", contracts.checks, name="version-checks"),
    path(f"{VERSION}/check", contracts.check, name="version-check"),
    path(f"{VERSION}/override", contracts.override, name="version-override"),
    path(f"{VERSION}/changes", quality.changes, name="version-changes"),
    path("problems/<int:problem_id>/schedules", training_schedules.create, name="training-schedule-create"),
    path("training-schedules/<int:schedule_id>", training_schedules.change, name="training-schedule"),
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
