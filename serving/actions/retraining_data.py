"""What the jobs of a retraining keep: the dataset version, the run or search on it, the comparison."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.db import transaction

from experiments.actions import studies, training
from experiments.actions.dataset_versions import Rows, replace_rows
from experiments.actions.datasets import create_dataset
from experiments.actions.experiments import create_experiment
from experiments.models import Dataset, Experiment, Lifecycle, Problem
from mlregistry.accounts.actor import Actor
from mlregistry.accounts.audit import record
from mlregistry.artifacts import store
from mlregistry.errors import Conflict, Invalid
from mlregistry.lib.names import numbered
from mlregistry.ml.comparing.fresh_rows import FreshComparison
from mlregistry.ml.table_info import TableInfo
from serving.actions.retraining_driving import locked
from serving.models import Method, Retraining, RetrainingPolicy, RetrainingStep

LINES = "application/x-ndjson"
OF_TRIAL = ("estimator", "params")  # of a recipe, what a search chooses


@dataclass(frozen=True)
class Assembled:
    """A table on disk with its figures, the held-out lines, and the counts of `Retraining.data`."""

    table: Path
    info: TableInfo
    held_out: Path
    data: dict[str, Any]


def recipe_of(row: Retraining) -> dict[str, Any]:
    """That of the policy, or the champion's own."""
    given = row.wants("recipe")
    if given is not None:
        return dict(given)
    run = row.champion.run if row.champion is not None else None
    if run is None or not run.recipe:
        raise Invalid("The champion's recipe is not known here; give the policy one.", field="recipe")
    return dict(run.recipe)


def keep_data(row: Retraining, found: Assembled) -> Retraining:
    """A version of the endpoint's own dataset for retraining, and the rows that nobody learns from."""
    by = _by(row)
    rows = Rows(found.table, found.info, f"retraining-{row.pk}.parquet")
    version = replace_rows(_dataset(row, by), rows, by=by)
    with store.saving(by.team, found.held_out, content_type=LINES) as stored:
        fresh = _open(row)
        fresh.dataset_version, fresh.held_out, fresh.data = version, stored, found.data
        fresh.save(update_fields=["dataset_version", "held_out", "data"])
        record(
            by, "retraining.assemble", fresh, endpoint=row.endpoint.name, version=str(version), **found.data
        )
    return fresh


def start_training(row: Retraining) -> Retraining:
    """The run or the search, once; what stands against training ends the attempt."""
    with transaction.atomic():
        fresh = _open(row)
        by, problem = _by(fresh), fresh.endpoint.problem
        if (
            fresh.run is not None
            or fresh.study is not None
            or problem is None
            or fresh.dataset_version is None
        ):
            return fresh
        place = _experiment(fresh, problem, by)
        if fresh.wants("method") == Method.SEARCH:
            fresh.study = studies.create_study(
                problem, fresh.dataset_version, name=f"Retraining {fresh.pk} of {fresh.endpoint.name}"[:180],
                recipe=_base(recipe_of(fresh)), plan=_plan(fresh), experiment=place, by=by,
            )  # fmt: skip
        else:
            _, runs, _ = training.start_training(
                problem, fresh.dataset_version, recipes=[recipe_of(fresh)], experiment=place, by=by
            )
            fresh.run = next((run for run in runs if not run.is_baseline), runs[-1])
        fresh.save(update_fields=["run", "study"])
    return fresh


def keep_comparison(row: Retraining, found: FreshComparison) -> Retraining:
    """With whether it is enough for the policy."""
    with transaction.atomic():
        fresh = _open(row)
        enough = found.is_enough(fresh.wants("least_gain"), sure=fresh.wants("sure"))
        fresh.comparison = {**found.to_json(), "enough": enough}
        fresh.save(update_fields=["comparison"])
        record(
            _by(fresh), "retraining.compare", fresh, endpoint=fresh.endpoint.name, metric=found.metric,
            champion=found.champion, challenger=found.challenger, improvement=found.improvement, low=found.low,
            high=found.high, enough=enough,
        )  # fmt: skip
    return fresh


def refuse(row: Retraining, step: str, why: str) -> None:
    """For the step that waits for the job: it ends the attempt with this reason."""
    RetrainingStep.objects.filter(retraining=row, name=step).update(details={"refused": why})


def _by(row: Retraining) -> Actor:
    return Actor.system(row.endpoint.team, user=row.created_by)


def _open(row: Retraining) -> Retraining:
    """Locked; Conflict for one that was stopped while its job worked."""
    fresh = locked(row.pk, skip=False)
    if fresh is None:
        raise Conflict("The retraining has ended.")
    return fresh


def _dataset(row: Retraining, by: Actor) -> Dataset:
    """Made with the first retraining; what people keep of their own is left alone."""
    policy = RetrainingPolicy.objects.select_related("dataset").filter(endpoint=row.endpoint).first()
    if policy is not None and policy.dataset is not None:
        return policy.dataset
    wanted = f"{row.endpoint.name} retraining"
    taken = Dataset.objects.filter(team=by.team, name__startswith=wanted).values_list("name", flat=True)
    words = f"Rows to retrain the endpoint {row.endpoint.name}: those of before, and predictions whose truth came."
    made = create_dataset(
        numbered(wanted, set(taken)), description=words, problem=row.endpoint.problem, by=by
    )
    RetrainingPolicy.objects.filter(endpoint=row.endpoint).update(dataset=made)
    return made


def _experiment(row: Retraining, problem: Problem, by: Actor) -> Experiment:
    policy = RetrainingPolicy.objects.select_related("experiment").filter(endpoint=row.endpoint).first()
    known = policy.experiment if policy is not None else None
    if known is not None and known.lifecycle == Lifecycle.ACTIVE and known.problem_id in (None, problem.pk):
        return known
    wanted = f"Retraining of {row.endpoint.name}"
    taken = Experiment.objects.filter(team=by.team, name__startswith=wanted).values_list("name", flat=True)
    made = create_experiment(numbered(wanted, set(taken)), problem=problem, by=by)
    RetrainingPolicy.objects.filter(endpoint=row.endpoint).update(experiment=made)
    return made


def _base(recipe: dict[str, Any]) -> dict[str, Any]:
    """What each trial starts from: folds to measure by are the study's own where the recipe has none."""
    left_out = {*OF_TRIAL, *(["folds"] if (recipe.get("folds") or 0) < 2 else [])}
    return {name: value for name, value in recipe.items() if name not in left_out}


def _plan(row: Retraining) -> dict[str, Any]:
    return {"max_trials": row.wants("search_trials"), "max_seconds": 60 * row.wants("search_minutes")}
