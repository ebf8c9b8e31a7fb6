"""Start the training of several recipes in the background, and stop it. Called by every door."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from django.db import transaction

from experiments.models import DatasetVersion, Experiment, Lifecycle, Problem, Run, RunStatus
from experiments.queries import contracts as contract_queries
from experiments.queries import datasets as dataset_queries
from experiments.queries.jobs import live_jobs
from mlregistry.accounts import audit
from mlregistry.accounts.actor import Actor
from mlregistry.accounts.models import Role
from mlregistry.errors import Conflict, Invalid
from mlregistry.jobs.actions import jobs as job_actions
from mlregistry.jobs.engines import DEFAULT_CLASS
from mlregistry.jobs.models import Job, Priority
from mlregistry.jobs.queue import enqueue
from mlregistry.lib.names import numbered
from mlregistry.ml import recipes as ml_recipes
from mlregistry.ml.estimators import CATALOGUE
from mlregistry.ml.recipes import Recipe

from . import experiments as experiment_actions
from .settling import settle_runs

BASELINES = {"classification": "dummy", "regression": "dummy", "recommendation": "popularity"}
MOST_RECIPES = 100
LEAST_MEMORY_MB = 2048
MOST_MEMORY_MB = 16_384
BYTES_PER_CELL = (
    140  # of a frame, which its fork holds too, its prepared copy and the estimator's, at the worst seen
)


def start_training(
    problem: Problem,
    dataset_version: DatasetVersion,
    *,
    recipes: Sequence[Mapping[str, Any]],
    experiment: Experiment | None = None,
    priority: Priority = Priority.NORMAL,
    queue: str = DEFAULT_CLASS,
    by: Actor,
) -> tuple[Experiment, list[Run], Job]:
    """One job that trains every recipe, each a run of one experiment, beside the baseline of the kind if it has one."""
    by.require(Role.EDITOR)
    _check_place(problem, dataset_version, experiment, by)
    parsed = _with_baseline(problem.kind, parsed_recipes(problem.kind, recipes))
    _check_fit(problem, dataset_version)
    with transaction.atomic():
        place = experiment or _new_experiment(problem, dataset_version, by)
        runs = _make_runs(place, problem, dataset_version, parsed, by)
        job = enqueue(
            "experiments.train",
            args={"run_ids": [str(run.pk) for run in runs]},
            team=by.team,
            title=f"Train {len(runs)} models for {problem.name}",
            memory_mb=memory_mb(dataset_version),
            timeout_seconds=max(3600, 1200 * len(runs)),
            n_cells=dataset_version.n_rows * dataset_version.n_columns,
            parts=[run.estimator for run in runs],
            priority=priority,
            queue=queue,
            by=by,
        )
        Run.objects.filter(pk__in=[run.pk for run in runs]).update(job=job)
        for run in runs:
            run.job = job
        audit.record(by, "training.start", place, job=str(job.pk), runs=[str(run.pk) for run in runs])
    return place, runs, job


def cancel_training(job: Job, *, by: Actor) -> Job:
    """Stop the job; its runs that have not finished are KILLED once it has ended."""
    job = job_actions.cancel(job, by=by)
    settle_runs(by.team)
    return job


def cancel_trainings(experiment: Experiment, *, by: Actor) -> int:
    """Stop every job that trains runs of this experiment; returns how many."""
    by.require(Role.EDITOR)
    live = live_jobs(experiment)
    for job in live:
        cancel_training(job, by=by)
    return len(live)


def _check_place(problem: Problem, version: DatasetVersion, experiment: Experiment | None, by: Actor) -> None:
    if problem.kind not in CATALOGUE:
        raise Invalid(f"Training is for {' and '.join(CATALOGUE)} problems.", field="problem")
    if problem.team_id != by.team.pk:
        raise Invalid(f"There is no such problem in {by.team.name}.", field="problem")
    if version.dataset.team_id != by.team.pk:
        raise Invalid(f"There is no such dataset version in {by.team.name}.", field="dataset_version")
    if experiment is not None and experiment.team_id != by.team.pk:
        raise Invalid(f"There is no such experiment in {by.team.name}.", field="experiment")
    if experiment is not None and experiment.lifecycle != Lifecycle.ACTIVE:
        raise Conflict("The experiment is deleted; restore it first.", field="experiment")
    if experiment is not None and experiment.problem_id not in (None, problem.pk):
        raise Invalid(f"The experiment {experiment.name!r} is about another problem.", field="experiment")


def parsed_recipes(kind: str, recipes: Sequence[Mapping[str, Any]]) -> list[Recipe]:
    """The recipes checked; Invalid names the place of the wrong one."""
    if not recipes:
        raise Invalid("Choose at least one estimator.", field="recipes")
    if len(recipes) > MOST_RECIPES:
        raise Invalid(f"At most {MOST_RECIPES} recipes train in one go.", field="recipes")
    parsed = []
    for place, recipe in enumerate(recipes):
        if not isinstance(recipe, Mapping):
            raise Invalid("A recipe is an object.", field=f"recipes.{place}")
        try:
            parsed.append(ml_recipes.parse(recipe, kind=kind))
        except Invalid as error:
            raise Invalid(
                error.message, field=f"recipes.{place}.{error.field or ''}".rstrip("."), details=error.details
            ) from error
    return parsed


def _with_baseline(kind: str, recipes: list[Recipe]) -> list[Recipe]:
    """The recipes with the baseline before them, on the split of the first, unless one is among them."""
    baseline = BASELINES.get(kind)
    if baseline is None or any(recipe.estimator == baseline for recipe in recipes):
        return recipes
    return [replace(recipes[0], estimator=baseline, params={}), *recipes]


def _check_fit(problem: Problem, version: DatasetVersion) -> None:
    contract_queries.refuse_marked(version)
    findings = dataset_queries.fit(problem, version)
    errors = [finding for finding in findings if finding.severity == "error"]
    if errors:
        raise Invalid(
            errors[0].message, field="dataset_version", details=[finding.message for finding in errors]
        )


def _new_experiment(problem: Problem, version: DatasetVersion, by: Actor) -> Experiment:
    wanted = f"{problem.name} on {version}"[:450]
    taken = Experiment.objects.filter(team=by.team, name__startswith=wanted)
    name = numbered(wanted, set(taken.values_list("name", flat=True)))
    return experiment_actions.create_experiment(name, problem=problem, by=by)


def _make_runs(
    experiment: Experiment, problem: Problem, version: DatasetVersion, recipes: list[Recipe], by: Actor
) -> list[Run]:
    taken: set[str] = set()
    runs = []
    for recipe in recipes:
        name = numbered(CATALOGUE[problem.kind][recipe.estimator].title, taken)
        taken.add(name)
        run = Run(
            experiment=experiment,
            name=name,
            status=RunStatus.SCHEDULED,
            estimator=recipe.estimator,
            is_baseline=recipe.estimator == BASELINES.get(problem.kind),
            recipe=recipe.to_json(),
            problem=problem,
            dataset_version=version,
            created_by=by.user,
        )
        runs.append(run)
    return Run.objects.bulk_create(runs)


def memory_mb(version: DatasetVersion) -> int:
    table = version.n_rows * version.n_columns * BYTES_PER_CELL // 1024 // 1024
    return min(MOST_MEMORY_MB, LEAST_MEMORY_MB + table)
