"""Just train it: a study with a portfolio within a budget of time, ended early or cancelled. Called by every door."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db import transaction

from experiments.models import (
    AutoTraining,
    DatasetVersion,
    Experiment,
    Problem,
    Study,
    StudyState,
    Trial,
    TrialState,
)  # fmt: skip
from experiments.queries import auto_trainings as queries
from experiments.queries import budgets
from experiments.queries import recipes as recipe_queries
from mlregistry.accounts import audit
from mlregistry.accounts.actor import Actor
from mlregistry.accounts.models import Role
from mlregistry.errors import Conflict, Invalid
from mlregistry.ml import recipes as ml_recipes
from mlregistry.ml.portfolio import planning, side_by_side
from mlregistry.ml.portfolio.planning import Portfolio

from . import lanes
from . import studies as study_actions
from . import training as training_actions

SEED = 42
LANES = 2
OF_RECIPE = ("split", "steps", "preparation")
MOST_TRIALS = 10_000
TRIAL_MEMORY_MB = 4096


@dataclass(frozen=True)
class Started:
    """A study, or for kinds without one the experiment whose runs train side by side; and why it is so."""

    study: Study | None
    experiment: Experiment
    reasons: tuple[str, ...]


def just_train(
    problem: Problem,
    dataset_version: DatasetVersion,
    *,
    minutes: float = planning.DEFAULT_MINUTES,
    wish: str = "",
    recipe: Mapping[str, Any] | None = None,
    seed: int = SEED,
    n_lanes: int = LANES,
    by: Actor,
) -> Started:
    """Start it; Invalid names what stands against it. `recipe` may give split and preparation."""
    by.require(Role.EDITOR)
    low, high = planning.MINUTES
    if not low <= minutes <= high:
        raise Invalid(f"The time lies between {low:g} and {high:g} minutes.", field="minutes")
    if wish not in planning.WISHES:
        known = ", ".join(planning.WISHES[1:])
        raise Invalid(f"The wish is one of: {known}; or leave it out.", field="wish")
    if problem.kind in side_by_side.ESTIMATORS:
        return _side_by_side(problem, dataset_version, seed, by)
    if problem.team_id == by.team.pk == dataset_version.dataset.team_id:
        lanes.check_fit(problem, dataset_version)
    base, portfolio, reasons = _plan(problem, dataset_version, minutes * 60, wish, recipe, seed)
    plan = {
        "sampler": "portfolio", "pruner": "racing", "max_trials": MOST_TRIALS, "n_lanes": n_lanes, "seed": seed,
        "max_seconds": portfolio.search_seconds, "trial_seconds": portfolio.trial_seconds,
        "trial_memory_mb": TRIAL_MEMORY_MB,
    }  # fmt: skip
    with transaction.atomic():
        study = study_actions.create_study(
            problem,
            dataset_version,
            name=f"Just train {problem.name}"[:180],
            space=portfolio.space.to_json(),
            recipe=base,
            plan=plan,
            by=by,
        )
        _begin(study, portfolio, minutes * 60, wish, reasons, by)
    return Started(study, study.experiment, reasons)


def finish_now(study: Study, *, by: Actor) -> Study:
    """End the search here and build the ensembles from what was found; Conflict when it is not searching."""
    by.require(Role.EDITOR)
    _auto(study)
    with transaction.atomic():
        row = Study.objects.select_for_update(of=("self",)).get(pk=study.pk)
        if row.state != StudyState.RUNNING:
            raise Conflict(f"The search is {row.get_state_display()}; only a running one can be finished.")
        if row.best_value is None:
            raise Conflict("Nothing has been measured yet; wait for the first result, or cancel.")
        if budgets.seconds_used(row) < 1:
            row.used_seconds += 1  # budgets are whole seconds
        row.max_seconds = int(budgets.seconds_used(row))
        row.save(update_fields=["max_seconds", "used_seconds"])
        audit.record(by, "study.finish_now", row)
    lanes.close(study.pk)
    study.refresh_from_db()
    return study


def cancel(study: Study, *, by: Actor) -> Study:
    """Stop the search, or the building of the ensembles; what is done stays."""
    by.require(Role.EDITOR)
    auto = _auto(study)
    if study.is_open:
        return study_actions.cancel_study(study, by=by)
    if auto.job is None or not auto.job.is_live:
        raise Conflict("It has ended already.")
    training_actions.cancel_training(auto.job, by=by)
    return study


def _auto(study: Study) -> AutoTraining:
    found = AutoTraining.objects.select_related("job").filter(study=study).first()
    if found is None:
        raise Invalid(f"{study.name} was not started by “Just train it”.", field="study")
    return found


def _plan(
    problem: Problem, version: DatasetVersion, seconds: float, wish: str, recipe: Mapping[str, Any] | None, seed: int
) -> tuple[dict[str, Any], Portfolio, tuple[str, ...]]:  # fmt: skip
    """What every trial starts from, the portfolio, and the reasons for both."""
    base = dict(recipe or {})
    for name in base:
        if name not in OF_RECIPE:
            raise Invalid(f"Of a recipe only {', '.join(OF_RECIPE)} are given here.", field=str(name)[:60])
    reasons: list[str] = []
    if base.get("steps") is None and base.get("preparation") is None:
        suggestion = recipe_queries.suggest(problem, version)
        base["steps"] = [step.to_json() for step in suggestion.steps]
        reasons += suggestion.reasons
    base |= {"seed": seed, "folds": planning.FOLDS}
    parsed = ml_recipes.parse({**base, "estimator": "dummy"}, kind=problem.kind)
    portfolio = planning.plan(
        problem.kind,
        n_rows=round(version.n_rows * (1 - parsed.split.test_fraction)),
        n_columns=version.n_columns,
        smallest_class=queries.smallest_class(problem, version, 1 - parsed.split.test_fraction),
        seconds=seconds,
        wish=wish,
    )
    base["folds"] = portfolio.folds
    return base, portfolio, (*portfolio.reasons, *reasons)


def _begin(
    study: Study, portfolio: Portfolio, seconds: float, wish: str, reasons: tuple[str, ...], by: Actor
) -> None:
    AutoTraining.objects.create(
        study=study,
        seconds=round(seconds),
        wish=wish,
        measured_folds=portfolio.measured_folds,
        reasons=list(reasons),
    )
    Trial.objects.bulk_create(
        Trial(study=study, number=number, state=TrialState.WAITING, params=start, attempt=0)
        for number, start in enumerate(portfolio.starts)
    )
    study.next_number = len(portfolio.starts)
    study.save(update_fields=["next_number"])
    audit.record(by, "problem.just_train", study, seconds=round(seconds), wish=wish)


def _side_by_side(problem: Problem, version: DatasetVersion, seed: int, by: Actor) -> Started:
    experiment, _, _ = training_actions.start_training(
        problem, version, recipes=side_by_side.recipes(problem.kind, version.n_rows, seed), by=by
    )
    return Started(None, experiment, (side_by_side.WHY[problem.kind],))
