"""REST addresses of problems, datasets, experiments, runs and trainings, under /api/v1/."""

from django.urls import URLPattern, path

from . import (
    auto_trainings,
    comparisons,
    contracts,
    datasets,
    evaluations,
    experiments,
    logged_models,
    problems,
    profiles,
    recipes,
    runs,
    selections,
    sources,
    studies,
    training_schedules,
    trainings,
    trash,
    upkeep,
)

VERSION = "datasets/<int:dataset_id>/versions/<int:number>"
RECIPE_VERSION = "recipes/<int:recipe_id>/versions/<int:number>"
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
    path(f"{VERSION}/profile", profiles.VersionProfile.as_view(), name="api-dataset-version-profile"),
    path("datasets/<int:dataset_id>/compare", comparisons.Compare.as_view(), name="api-dataset-compare"),
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
    path("runs/<uuid:run_id>/evaluation", evaluations.RunEvaluation.as_view(), name="api-run-evaluation"),
    path("runs/<uuid:run_id>/explanation", evaluations.RunExplanation.as_view(), name="api-run-explanation"),
    path("runs/<uuid:run_id>/comparison", evaluations.RunComparison.as_view(), name="api-run-comparison"),
    path("runs/<uuid:run_id>/curves", runs.Curves.as_view(), name="api-run-curves"),
    path("runs/<uuid:run_id>/artifacts", runs.Artifacts.as_view(), name="api-run-artifacts"),
    path("runs/<uuid:run_id>/artifacts/<path:path>", runs.OneArtifact.as_view(), name="api-run-artifact"),
    path("trash/", trash.Trash.as_view(), name="api-trash"),
    path("trash/restore", trash.Restore.as_view(), name="api-trash-restore"),
    path("trash/purge", trash.Purge.as_view(), name="api-trash-purge"),
    path("selections/", selections.Selections.as_view(), name="api-selections"),
    path("selections/<int:selection_id>", selections.OneSelection.as_view(), name="api-selection"),
    path("selections/<int:selection_id>/use", selections.UseSelection.as_view(), name="api-selection-use"),
    path("studies/", studies.Studies.as_view(), name="api-studies"),
    path("studies/<int:study_id>", studies.OneStudy.as_view(), name="api-study"),
    *(
        path(
            f"studies/<int:study_id>/{change}",
            studies.ChangeStudy.as_view(),
            {"change": change},
            name=f"api-study-{change}",
        )
        for change in studies.ChangeStudy.changes
    ),
    path("studies/<int:study_id>/ask", studies.Ask.as_view(), name="api-study-ask"),
    path("studies/<int:study_id>/trials/", studies.Trials.as_view(), name="api-trials"),
    path(
        "studies/<int:study_id>/trials/<int:number>/report", studies.Report.as_view(), name="api-trial-report"
    ),
    path("studies/<int:study_id>/trials/<int:number>/tell", studies.Tell.as_view(), name="api-trial-tell"),
    path("problems/<int:problem_id>/just-train", auto_trainings.JustTrain.as_view(), name="api-just-train"),
    path("just-trainings/<int:study_id>", auto_trainings.OneAutoTraining.as_view(), name="api-just-training"),
    *(
        path(
            f"just-trainings/<int:study_id>/{change}",
            auto_trainings.ChangeAutoTraining.as_view(),
            {"change": change},
            name=f"api-just-training-{change}",
        )
        for change in auto_trainings.ChangeAutoTraining.changes
    ),
    path("recipes/", recipes.Recipes.as_view(), name="api-recipes"),
    path("recipes/schema", recipes.RecipeSchema.as_view(), name="api-recipe-schema"),
    path("recipes/validate", recipes.ValidateRecipe.as_view(), name="api-recipe-validate"),
    path("recipes/suggest", recipes.SuggestRecipe.as_view(), name="api-recipe-suggest"),
    path("recipes/preview", recipes.PreviewRecipe.as_view(), name="api-recipe-preview"),
    path("recipes/python", recipes.RecipePython.as_view(), name="api-recipe-python"),
    path("recipes/<int:recipe_id>", recipes.OneRecipe.as_view(), name="api-recipe"),
    path("recipes/<int:recipe_id>/versions/", recipes.RecipeVersions.as_view(), name="api-recipe-versions"),
    path(RECIPE_VERSION, recipes.OneRecipeVersion.as_view(), name="api-recipe-version"),
    path(f"{RECIPE_VERSION}/python", recipes.RecipeVersionPython.as_view(), name="api-recipe-version-python"),
    path("trainings/", trainings.Trainings.as_view(), name="api-trainings"),
]
