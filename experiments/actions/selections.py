"""Start a study of feature selection, use what it found, delete it. Called by every door."""

from collections.abc import Mapping
from typing import Any

from django.db import transaction

from experiments.models import DatasetVersion, Problem, SelectionStudy
from experiments.queries import datasets as dataset_queries
from experiments.queries import selections as queries
from mlregistry.accounts import audit
from mlregistry.accounts.actions import deletions
from mlregistry.accounts.actor import Actor
from mlregistry.accounts.models import KeptDeletion, Role
from mlregistry.errors import Conflict, Invalid
from mlregistry.jobs.actions import jobs as job_actions
from mlregistry.jobs.queue import enqueue
from mlregistry.lib.names import numbered
from mlregistry.ml.selection import plan as ml_plan

from . import problems as problem_actions

LEAST_MEMORY_MB = 2048
MOST_MEMORY_MB = 16_384
BYTES_PER_CELL = 100
TIMEOUT_SECONDS = 6 * 3600


def start_selection(
    problem: Problem,
    dataset_version: DatasetVersion,
    *,
    plan: Mapping[str, Any],
    recipe: Mapping[str, Any],
    by: Actor,
) -> SelectionStudy:
    """A job that compares the plan's methods; the recipe's estimator measures each set of features."""
    by.require(Role.EDITOR)
    _check_place(problem, dataset_version, by)
    measured_by = ml_plan.recipe_of(problem.kind, recipe)
    tried = ml_plan.parse(plan)
    _check_fit(problem, dataset_version)
    with transaction.atomic():
        study = SelectionStudy.objects.create(
            team=by.team,
            problem=problem,
            dataset_version=dataset_version,
            data_name=str(dataset_version)[:300],
            plan=tried.to_json(),
            recipe=measured_by.to_json(),
            created_by=by.user,
        )
        study.job = enqueue(
            "experiments.select_features",
            args={"study_id": study.pk},
            team=by.team,
            title=f"Select features for {problem.name}",
            memory_mb=_memory_mb(dataset_version),
            timeout_seconds=TIMEOUT_SECONDS,
            by=by,
        )
        study.save(update_fields=["job"])
        audit.record(by, "selection.start", study, job=str(study.job.pk), methods=list(tried.methods))
    return study


def cancel_selection(study: SelectionStudy, *, by: Actor) -> None:
    """Stop its job; Conflict when it has ended."""
    by.require(Role.EDITOR)
    if study.job is None:
        raise Conflict("The study has ended already.")
    job_actions.cancel(study.job, by=by)


def use_features(study: SelectionStudy, method: str, n_features: int | None, *, by: Actor) -> Problem:
    """The problem with the features that this row of the study chose.

    Once runs have answered the problem its features stay: a new problem beside it gets them.
    """
    by.require(Role.EDITOR)
    row = queries.row_of(study, method, n_features)
    features = [name for name in study.result["features"] if name in set(row["features"])]  # type: ignore[index]  # a study without a result has no rows
    if not features:
        raise Invalid("Principal components keep none of the original features.", field="method")
    with transaction.atomic():
        if study.problem.runs.exists():
            problem = _beside(study.problem, features, by)
        else:
            problem = problem_actions.update_problem(study.problem, features=features, by=by)
        audit.record(by, "selection.use", study, problem=problem.pk, method=method, features=features)
    return problem


def delete_selection(study: SelectionStudy, *, by: Actor) -> KeptDeletion | None:
    """Gone with its result; a job that is still at it is stopped."""
    by.require(Role.EDITOR)
    with transaction.atomic():
        audit.record(by, "selection.delete", study)
        if study.job is not None and study.job.is_live:
            job_actions.cancel(study.job, by=by)
        return deletions.delete(study, "feature selection", by=by)


def _check_place(problem: Problem, version: DatasetVersion, by: Actor) -> None:
    if problem.team_id != by.team.pk:
        raise Invalid(f"There is no such problem in {by.team.name}.", field="problem")
    if version.dataset.team_id != by.team.pk:
        raise Invalid(f"There is no such dataset version in {by.team.name}.", field="dataset_version")


def _check_fit(problem: Problem, version: DatasetVersion) -> None:
    errors = [found for found in dataset_queries.fit(problem, version) if found.severity == "error"]
    if errors:
        raise Invalid(errors[0].message, field="dataset_version", details=[one.message for one in errors])


def _beside(problem: Problem, features: list[str], by: Actor) -> Problem:
    wanted = f"{problem.name[:180]}, {len(features)} features"
    taken = Problem.objects.filter(team=by.team, name__startswith=wanted)
    return problem_actions.create_problem(
        numbered(wanted, set(taken.values_list("name", flat=True))),
        kind=problem.kind,
        target=problem.target,
        features=features,
        primary_metric=problem.primary_metric,
        direction=problem.direction,
        success_threshold=problem.success_threshold,
        goal=problem.goal,
        by=by,
    )


def _memory_mb(version: DatasetVersion) -> int:
    table = version.n_rows * version.n_columns * BYTES_PER_CELL // 1024 // 1024
    return min(MOST_MEMORY_MB, LEAST_MEMORY_MB + table)
