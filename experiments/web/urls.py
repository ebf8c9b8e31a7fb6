"""Addresses of the pages from problem to run."""

from django.urls import URLPattern, path

from experiments.web import (
    datasets,
    experiments,
    logged_models,
    problems,
    profiles,
    recipes,
    runs,
    selections,
    training,
    trash,
)
    contracts,
    quality,
    training_schedules,

VERSION = "datasets/<int:dataset_id>/versions/<int:number>"

urlpatterns: list[URLPattern] = [
    path("problems/", problems.problems, name="problems"),
    path("problems/new", problems.create, name="problem-create"),
    path("problems/<int:problem_id>/", problems.problem, name="problem"),
    path("problems/<int:problem_id>/edit", problems.edit, name="problem-edit"),
    path("problems/<int:problem_id>/delete", problems.delete, name="problem-delete"),
    path("problems/<int:problem_id>/train", training.train, name="train"),
    path("problems/<int:problem_id>/select", selections.create, name="selection-create"),
    path("selections/<int:selection_id>/", selections.selection, name="selection"),
    path("selections/<int:selection_id>/cancel", selections.cancel, name="selection-cancel"),
    path("selections/<int:selection_id>/use", selections.use, name="selection-use"),
    path("selections/<int:selection_id>/delete", selections.delete, name="selection-delete"),
    path("problems/<int:problem_id>/recipe", recipes.editor, name="recipe"),
    path("problems/<int:problem_id>/recipe/save", recipes.save, name="recipe-save"),
    path("problems/<int:problem_id>/recipe/python", recipes.python, name="recipe-python"),
    path("recipes/<int:recipe_id>/delete", recipes.delete, name="recipe-delete"),
    path("datasets/", datasets.datasets, name="datasets"),
    path("datasets/new", datasets.create, name="dataset-create"),
    path("datasets/<int:dataset_id>/", datasets.dataset, name="dataset"),
    path("datasets/<int:dataset_id>/delete", datasets.delete, name="dataset-delete"),
    path("datasets/<int:dataset_id>/versions/<int:number>/", datasets.version, name="dataset-version"),
    path("datasets/<int:dataset_id>/compare", profiles.compare, name="profile-compare"),
    path("datasets/<int:dataset_id>/versions/<int:number>/profile", profiles.profile, name="profile"),
    path(
        "datasets/<int:dataset_id>/versions/<int:number>/profile/start", profiles.start, name="profile-start"
    ),
    path(
        "datasets/<int:dataset_id>/versions/<int:number>/profile/columns",
        profiles.columns,
        name="profile-columns",
    ),
    path(
        "datasets/<int:dataset_id>/versions/<int:number>/profile/download",
        profiles.download,
        name="profile-download",
    ),
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
    path("runs/<uuid:run_id>/artifacts/<int:artifact_id>/preview", runs.preview, name="run-artifact-preview"),
    path("experiments/<int:experiment_id>/logged-models", logged_models.logged_models, name="logged-models"),
    path("logged-models/<str:model_id>/", logged_models.logged_model, name="logged-model"),
    path("logged-models/<str:model_id>/delete", logged_models.delete, name="logged-model-delete"),
    path("logged-models/<str:model_id>/restore", logged_models.restore, name="logged-model-restore"),
    path(
        "logged-models/<str:model_id>/files/<int:artifact_id>", logged_models.file, name="logged-model-file"
    ),
    path(
        "logged-models/<str:model_id>/files/<int:artifact_id>/preview",
        logged_models.preview,
        name="logged-model-file-preview",
    ),
    path("compare", runs.compare, name="compare"),
]
