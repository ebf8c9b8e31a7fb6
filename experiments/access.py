"""The only way to an object: filtered by the actor's team, NotFound otherwise. The doors call these."""

import uuid

from django.db.models import Q, QuerySet

from experiments.models import (
    Artifact,
    Dataset,
    DatasetVersion,
    DataSource,
    Experiment,
    Lifecycle,
    LoggedModel,
    Problem,
    QualityAlert,
    Recipe,
    RecipeVersion,
    Run,
    RunRule,
    RunView,
    SelectionStudy,
    Study,
    Trainer,
    TrainingSchedule,
    model_key,
)
from mlregistry.accounts.actor import Actor
from mlregistry.errors import NotFound
from mlregistry.prepared_queries import PreparedQuery

ANY_RUN = uuid.UUID(int=0)
EXPERIMENT = PreparedQuery(
    lambda: Experiment.objects.select_related("problem").filter(team_id=0).filter(pk=0)
)
RUN_TO_CHANGE = PreparedQuery(
    lambda: Run.objects.select_related("experiment").filter(experiment__team_id=0).filter(pk=ANY_RUN)
)
RUN = PreparedQuery(
    lambda: (
        Run.objects.select_related("experiment__team", "problem", "dataset_version__dataset", "job")
        .filter(experiment__team_id=0)
        .filter(pk=ANY_RUN)
    )
)


def problems(by: Actor) -> QuerySet[Problem]:
    return Problem.objects.filter(team=by.team)


def problem(by: Actor, problem_id: int) -> Problem:
    found = problems(by).filter(pk=problem_id).first()
    if found is None:
        raise NotFound(f"There is no problem {problem_id} in {by.team.name}.")
    return found


def open_alerts(by: Actor) -> QuerySet[QualityAlert]:
    """Alerts of data quality that nobody has closed, the newest first."""
    rows = QualityAlert.objects.filter(team=by.team, closed_at=None).select_related(
        "dataset", "version", "problem"
    )
    return rows.order_by("-created_at")


def datasets(by: Actor) -> QuerySet[Dataset]:
    return Dataset.objects.filter(team=by.team)


def dataset(by: Actor, dataset_id: int) -> Dataset:
    found = datasets(by).filter(pk=dataset_id).first()
    if found is None:
        raise NotFound(f"There is no dataset {dataset_id} in {by.team.name}.")
    return found


def dataset_version(by: Actor, dataset_id: int, number: int | None = None) -> DatasetVersion:
    """The version with this number, or the newest."""
    rows = DatasetVersion.objects.filter(dataset__team=by.team, dataset_id=dataset_id).select_related(
        "dataset", "original"
    )
    found = (rows.filter(number=number) if number is not None else rows.order_by("-number")).first()
    if found is None:
        raise NotFound(f"Dataset {dataset_id} has no version {number or ''}".strip() + ".")
    return found


def dataset_version_by_id(by: Actor, version_id: int) -> DatasetVersion:
    """The version with this row id."""
    found = (
        DatasetVersion.objects.filter(dataset__team=by.team, pk=version_id)
        .select_related("dataset__team", "original")
        .first()
    )
    if found is None:
        raise NotFound(f"There is no dataset version {version_id} in {by.team.name}.")
    return found


def sources(by: Actor, dataset_id: int) -> QuerySet[DataSource]:
    """The sources of a dataset of the team."""
    found = DataSource.objects.filter(team=by.team, dataset=dataset(by, dataset_id))
    return found.select_related("team", "dataset__team", "version")


def source(by: Actor, dataset_id: int, source_id: int) -> DataSource:
    found = sources(by, dataset_id).filter(pk=source_id).first()
    if found is None:
        raise NotFound(f"Dataset {dataset_id} has no source {source_id}.")
    return found


def experiments(by: Actor) -> QuerySet[Experiment]:
    return Experiment.objects.filter(team=by.team)


def experiment(by: Actor, experiment_id: int) -> Experiment:
    found = EXPERIMENT.first(by.team.pk, experiment_id)
    if found is None:
        raise NotFound(f"There is no experiment {experiment_id} in {by.team.name}.")
    return found


def default_experiment(by: Actor) -> Experiment:
    """The one that MLflow's clients call 0; NotFound before it was first logged to."""
    found = experiments(by).filter(is_default=True).first()
    if found is None:
        raise NotFound(f"{by.team.name} has no default experiment yet; the first run logged to it makes it.")
    return found


def experiment_in_a_hurry(by: Actor, experiment_id: int | None) -> Experiment | None:
    """The team's experiment, or its default one for None, by a query that is not built anew each time."""
    place, value = ("is_default AND %s", True) if experiment_id is None else ("id = %s", experiment_id)
    rows = Experiment.objects.raw(
        f"SELECT * FROM experiments_experiment WHERE {place} AND team_id = %s",  # noqa: S608  # texts of this file
        [value, by.team.pk],
    )
    return next(iter(rows), None)


def experiment_by_name(by: Actor, name: str) -> Experiment | None:
    """The team's experiment of this name, deleted ones too."""
    return experiments(by).filter(name=name).first()


def runs(by: Actor) -> QuerySet[Run]:
    return Run.objects.filter(experiment__team=by.team)


def run(by: Actor, run_id: uuid.UUID | str) -> Run:
    try:
        key = run_id if isinstance(run_id, uuid.UUID) else uuid.UUID(run_id)
    except ValueError:
        key = None
    found = RUN.first(by.team.pk, key) if key else None
    if found is None:
        raise NotFound(f"There is no run {run_id} in {by.team.name}.")
    return found


def run_to_change(by: Actor, run_id: uuid.UUID) -> Run:
    """The run with no more around it than its experiment: for changes in a hurry."""
    found = RUN_TO_CHANGE.first(by.team.pk, run_id)
    if found is None:
        raise NotFound(f"Run with id={run_id.hex} not found", field="run_id")
    return found


def dataset_versions(by: Actor, dataset_id: int) -> QuerySet[DatasetVersion]:
    """The versions of a dataset of the team."""
    rows = DatasetVersion.objects.filter(dataset__team=by.team, dataset_id=dataset_id)
    return rows.select_related("dataset", "original").prefetch_related("parts__file")


def artifact(by: Actor, run_id: uuid.UUID | str, path: str) -> Artifact:
    """The run's file at exactly this path."""
    rows = Artifact.objects.filter(run=run(by, run_id), path=path)
    found = rows.select_related("file", "run__experiment").first()
    if found is None:
        raise NotFound(f"The run has no file {path!r}.")
    return found


def logged_models(by: Actor) -> QuerySet[LoggedModel]:
    return LoggedModel.objects.filter(experiment__team=by.team)


def logged_model(by: Actor, model_id: str, *, deleted: bool = False) -> LoggedModel:
    """The logged model with MLflow's id; `deleted` finds those that are deleted too."""
    key = model_key(model_id)
    rows = logged_models(by).select_related("experiment").filter(pk=key) if key else None
    if rows is not None and not deleted:
        rows = rows.filter(lifecycle=Lifecycle.ACTIVE)
    found = rows.first() if rows is not None else None
    if found is None:
        raise NotFound(f"Logged model with ID '{model_id[:100]}' not found.", field="model_id")
    return found


def selections(by: Actor) -> QuerySet[SelectionStudy]:
    return SelectionStudy.objects.filter(team=by.team).select_related(
        "problem", "dataset_version__dataset", "job", "created_by"
    )


def selection(by: Actor, selection_id: int) -> SelectionStudy:
    found = selections(by).filter(pk=selection_id).first()
    if found is None:
        raise NotFound(f"There is no selection {selection_id} in {by.team.name}.")
    return found


def recipes(by: Actor) -> QuerySet[Recipe]:
    return Recipe.objects.filter(team=by.team)


def recipe(by: Actor, recipe_id: int) -> Recipe:
    found = recipes(by).select_related("problem").filter(pk=recipe_id).first()
    if found is None:
        raise NotFound(f"There is no recipe {recipe_id} in {by.team.name}.")
    return found


def recipe_versions(by: Actor, recipe_id: int) -> QuerySet[RecipeVersion]:
    """The versions of a recipe of the team."""
    rows = RecipeVersion.objects.filter(recipe__team=by.team, recipe_id=recipe_id)
    return rows.select_related("recipe__problem")


def recipe_version(by: Actor, recipe_id: int, number: int) -> RecipeVersion:
    found = recipe_versions(by, recipe_id).filter(number=number).first()
    if found is None:
        raise NotFound(f"Recipe {recipe_id} has no version {number}.")
    return found


def training_schedule(by: Actor, schedule_id: int) -> TrainingSchedule:
    rows = TrainingSchedule.objects.filter(problem__team=by.team).select_related("problem__team", "dataset")
    found = rows.filter(pk=schedule_id).first()
    if found is None:
        raise NotFound(f"There is no training schedule {schedule_id} in {by.team.name}.")
    return found


def studies(by: Actor) -> QuerySet[Study]:
    return Study.objects.filter(team=by.team)


def study(by: Actor, study_id: int) -> Study:
    rows = studies(by).select_related(
        "team", "problem", "dataset_version", "experiment", "run", "winner", "created_by"
    )
    found = rows.filter(pk=study_id).first()
    if found is None:
        raise NotFound(f"There is no study {study_id} in {by.team.name}.")
    return found


def trainers(by: Actor) -> QuerySet[Trainer]:
    return Trainer.objects.filter(team=by.team).select_related("archive", "created_by")


def trainer(by: Actor, trainer_id: int) -> Trainer:
    found = trainers(by).filter(pk=trainer_id).first()
    if found is None:
        raise NotFound(f"There is no trainer {trainer_id} in {by.team.name}.")
    return found


def run_rules(by: Actor) -> QuerySet[RunRule]:
    return RunRule.objects.filter(team=by.team).select_related("experiment").prefetch_related("channels")


def run_rule(by: Actor, rule_id: int) -> RunRule:
    found = run_rules(by).filter(pk=rule_id).first()
    if found is None:
        raise NotFound(f"There is no rule {rule_id} about runs in {by.team.name}.")
    return found


def run_views(by: Actor) -> QuerySet[RunView]:
    """The team's shared views of runs tables, and one's own."""
    mine = Q(is_shared=True) | Q(created_by=by.user) if by.user else Q(is_shared=True)
    rows = RunView.objects.filter(mine, experiment__team=by.team)
    return rows.select_related("experiment", "created_by")


def run_view(by: Actor, view_id: int) -> RunView:
    found = run_views(by).filter(pk=view_id).first()
    if found is None:
        raise NotFound(f"There is no view {view_id} of runs in {by.team.name}.")
    return found
