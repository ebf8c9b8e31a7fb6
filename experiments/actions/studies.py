"""Create, pause, resume, cancel and delete studies. Called by every door."""

from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.utils import timezone

from experiments.models import (
    DatasetVersion,
    Experiment,
    Problem,
    Run,
    RunStatus,
    Study,
    StudyState,
    Trial,
    TrialState,
)  # fmt: skip
from experiments.queries import budgets
from mlregistry.accounts import audit
from mlregistry.accounts.actions import deletions
from mlregistry.accounts.actor import Actor
from mlregistry.accounts.models import KeptDeletion, Role
from mlregistry.errors import Conflict, Invalid
from mlregistry.jobs.actions import jobs as job_actions
from mlregistry.lib.names import clean_name, numbered
from mlregistry.ml import recipes
from mlregistry.ml.estimators import CATALOGUE
from mlregistry.ml.search import plan as ml_plan
from mlregistry.ml.search import space as ml_space
from mlregistry.ml.search.plan import Plan
from mlregistry.ml.search.space import Space

from . import experiments as experiment_actions
from . import lanes
from . import logging as log_actions
from . import runs as run_actions

FOLDS = 5


def create_study(
    problem: Problem | None,
    dataset_version: DatasetVersion | None,
    *,
    name: str = "",
    space: Mapping[str, Any] | None = None,
    recipe: Mapping[str, Any] | None = None,
    plan: Mapping[str, Any] | None = None,
    experiment: Experiment | None = None,
    by: Actor,
) -> Study:
    """A study and its lanes; without a problem its trials are asked for and told over the API.

    The defaults: the usual estimators over their own ranges, TPE, 50 trials, 5 folds, 2 lanes.
    """
    by.require(Role.EDITOR)
    _check_place(problem, dataset_version, experiment, by)
    kind = problem.kind if problem else None
    primary = {"metric": problem.primary_metric, "direction": problem.direction} if problem else None
    planned = ml_plan.parse(plan or {}, kind=kind, primary=primary)
    base = _base(problem, recipe or {})
    searched = _space(problem, dataset_version, space, base)
    _check_warm(planned, by)
    if planned.max_cost is not None and budgets.cpu_hour_price() is None:
        raise Invalid(
            "This server has no prices, so a study cannot be held to a sum; set max_seconds.",
            field="max_cost",
        )
    if problem is not None and dataset_version is not None:
        lanes.check_fit(problem, dataset_version)
    with transaction.atomic():
        place = experiment or _experiment(problem, dataset_version, name, by)
        study = _stored(place, problem, dataset_version, name, searched, base, planned, by)
        lanes.start(study, study.n_lanes, by=by)
        audit.record(by, "study.create", study, sampler=study.sampler, trials=study.max_trials)
    return study


def pause_study(study: Study, *, by: Actor) -> Study:
    """No new trial begins; those under way end first. Pausing twice is no error."""
    by.require(Role.EDITOR)
    with transaction.atomic():
        study = _locked(study)
        if study.state == StudyState.PAUSED:
            return study
        study.used_seconds, study.resumed_at = budgets.seconds_used(study), None
        study.state = StudyState.PAUSED
        study.save(update_fields=["used_seconds", "resumed_at", "state"])
        audit.record(by, "study.pause", study)
    return study


def resume_study(study: Study, *, by: Actor) -> Study:
    """Go on where it was: the same history, the next number."""
    by.require(Role.EDITOR)
    with transaction.atomic():
        study = _locked(study)
        if study.state == StudyState.RUNNING:
            return study
        study.state, study.resumed_at = StudyState.RUNNING, None if study.n_lanes else timezone.now()
        study.save(update_fields=["state", "resumed_at"])
        lanes.start(study, study.n_lanes, by=by)
        audit.record(by, "study.resume", study)
    return study


def cancel_study(study: Study, *, by: Actor) -> Study:
    """Stop at once; finished trials stay, no winner is trained."""
    by.require(Role.EDITOR)
    with transaction.atomic():
        study = _locked(study)
        study.used_seconds = budgets.seconds_used(study)
        lanes.end(study, StudyState.CANCELLED, "Cancelled.", run_status=RunStatus.KILLED)
        audit.record(by, "study.cancel", study)
    for lane in study.lanes.select_related("job"):
        if lane.job.is_live:
            _stop(lane.job, by)
    study.refresh_from_db()
    return study


def delete_study(study: Study, *, by: Actor) -> KeptDeletion | None:
    """The study and its list of trials; the runs stay in their experiment. Conflict while it is under way."""
    by.require(Role.EDITOR)
    if study.is_open:
        raise Conflict("Cancel the study first.")
    with transaction.atomic():
        audit.record(by, "study.delete", study)
        return deletions.delete(study, "study", by=by)


def enqueue_trial(study: Study, params: Mapping[str, Any], *, by: Actor) -> Trial:
    """A trial with params of one's own choice, taken before any proposal."""
    by.require(Role.EDITOR)
    if not ml_space.stored(study.space).admits(params):
        raise Invalid("These params are not a point of the search space.", field="params")
    with transaction.atomic():
        study = _locked(study)
        if study.next_number >= study.max_trials:
            raise Conflict(f"All {study.max_trials} trials are given out.")
        trial = Trial.objects.create(
            study=study, number=study.next_number, state=TrialState.WAITING, params=dict(params), attempt=0
        )
        study.next_number += 1
        study.save(update_fields=["next_number"])
    return trial


def _locked(study: Study) -> Study:
    row = Study.objects.select_for_update(of=("self",)).select_related("team", "created_by").get(pk=study.pk)
    if not row.is_open:
        raise Conflict(f"The study has ended: it is {row.get_state_display()}.")
    return row


def _stop(job: Any, by: Actor) -> None:
    try:
        job_actions.cancel(job, by=by)
    except Conflict:
        return  # it ended in the meantime


def _check_place(
    problem: Problem | None, version: DatasetVersion | None, experiment: Experiment | None, by: Actor
) -> None:
    if problem is not None and problem.team_id != by.team.pk:
        raise Invalid(f"There is no such problem in {by.team.name}.", field="problem")
    if problem is not None and version is None:
        raise Invalid("Name the dataset version to train on.", field="dataset_version")
    if version is not None and version.dataset.team_id != by.team.pk:
        raise Invalid(f"There is no such dataset version in {by.team.name}.", field="dataset_version")
    if experiment is not None and experiment.team_id != by.team.pk:
        raise Invalid(f"There is no such experiment in {by.team.name}.", field="experiment")


def _base(problem: Problem | None, recipe: Mapping[str, Any]) -> dict[str, Any]:
    """What each trial's recipe starts from: no estimator, and folds to measure by."""
    if problem is None:
        if recipe:
            raise Invalid("A recipe needs a problem.", field="recipe")
        return {}
    for name in ("estimator", "params"):
        if name in recipe:
            raise Invalid("The estimators stand in the search space.", field=f"recipe.{name}")
    folded = ml_plan.by_folds(problem.kind)
    any_row = next(iter(CATALOGUE[problem.kind]))
    start = {"folds": FOLDS} if folded else {}
    try:
        parsed = recipes.parse({**start, **recipe, "estimator": any_row}, kind=problem.kind).to_json()
    except Invalid as error:
        raise Invalid(error.message, field=f"recipe.{error.field or ''}".rstrip(".")) from error
    if folded and parsed["folds"] < 2:
        raise Invalid("Trials are measured in 2 folds or more.", field="recipe.folds")
    return {name: value for name, value in parsed.items() if name not in ("estimator", "params")}


def _space(
    problem: Problem | None, version: DatasetVersion | None, given: Any, base: Mapping[str, Any]
) -> Space:
    if problem is None:
        return ml_space.parse(given or {}, kind=None)
    if given is None:
        return ml_space.default(problem.kind, version.n_rows if version else 0)
    return ml_space.parse(given, kind=problem.kind, recipe=base)


def _check_warm(plan: Plan, by: Actor) -> None:
    for study_id in plan.warm_from:
        earlier = Study.objects.filter(team=by.team, pk=study_id).first()
        if earlier is None:
            raise Invalid(f"There is no study {study_id} in {by.team.name}.", field="warm_from")
        if earlier.objectives != list(plan.objectives):
            raise Invalid(
                f"{earlier.name} searched for something else, so it can tell nothing here.", field="warm_from"
            )


def _experiment(problem: Problem | None, version: DatasetVersion | None, name: str, by: Actor) -> Experiment:
    wanted = f"{problem.name} on {version}" if problem else (name or "Study")
    wanted = f"Search: {wanted}"[:450]
    taken = Experiment.objects.filter(team=by.team, name__startswith=wanted)
    free = numbered(wanted, set(taken.values_list("name", flat=True)))
    return experiment_actions.create_experiment(free, problem=problem, by=by)


def _stored(
    experiment: Experiment, problem: Problem | None, version: DatasetVersion | None, name: str,
    space: Space, base: dict[str, Any], plan: Plan, by: Actor,
) -> Study:  # fmt: skip
    wanted = clean_name(name or (f"Search for {problem.name}"[:180] if problem else "Study"), max_length=200)
    taken = set(Study.objects.filter(team=by.team, name__startswith=wanted).values_list("name", flat=True))
    study = Study(
        team=by.team, name=numbered(wanted, taken)[:200], experiment=experiment, problem=problem,
        has_problem=problem is not None, dataset_version=version, data_name=str(version or "")[:300],
        space=space.to_json(), recipe=base, objectives=list(plan.objectives), sampler=plan.sampler,
        pruner=plan.pruner, shares=list(plan.shares), seed=plan.seed, warm_from=list(plan.warm_from),
        n_lanes=plan.n_lanes if problem else 0, max_trials=ml_plan.within(plan, space),
        max_seconds=plan.max_seconds, max_cost=plan.max_cost, patience=plan.patience,
        outer_folds=plan.outer_folds, trial_seconds=plan.trial_seconds, trial_memory_mb=plan.trial_memory_mb,
        created_by=by.user, resumed_at=None if problem else timezone.now(),
    )  # fmt: skip
    study.run = run_actions.create_run(experiment, name=study.name, by=by)
    study.save()
    Run.objects.filter(pk=study.run.pk).update(problem=problem, dataset_version=version)
    told = {"sampler": study.sampler, "pruner": study.pruner, "seed": str(study.seed)}
    log_actions.log_batch(study.run, params=told, tags={"mlregistry.study": str(study.pk)}, by=by)
    return study
