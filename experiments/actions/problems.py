"""Frame a problem, change it, delete it. Called by every door."""

from collections.abc import Sequence
from typing import Any

from django.db import transaction

from experiments.models import Problem
from experiments.queries.problems import spec_of
from mlregistry.accounts import audit
from mlregistry.accounts.actions import deletions
from mlregistry.accounts.actor import Actor
from mlregistry.accounts.models import KeptDeletion, Role
from mlregistry.errors import Conflict, Invalid
from mlregistry.lib.names import clean_name, clean_text
from mlregistry.ml import metrics
from mlregistry.ml import problems as ml_problems

from .conflicts import unique

CHANGEABLE = (
    "name", "kind", "goal", "features", "target", "primary_metric", "direction", "success_threshold",
    "granularity", "time_column",
)  # fmt: skip
DEFINING = ("kind", "features", "target", ("granularity", "recommendation"))
KEYS = ("user_column", "item_column")


def create_problem(
    name: str,
    *,
    kind: str,
    target: str = "",
    features: Sequence[str] = (),
    primary_metric: str = "",
    direction: str | None = None,
    success_threshold: float | None = None,
    goal: str = "",
    granularity: Sequence[str] = (),
    time_column: str = "",
    user_column: str = "",
    item_column: str = "",
    by: Actor,
) -> Problem:
    """A problem of the actor's team; the direction follows from the metric when it is not given.

    `user_column` and `item_column` are how a recommendation names its granularity.
    """
    by.require(Role.EDITOR)
    values = {
        "name": name, "kind": kind, "goal": goal, "features": list(features), "target": target,
        "primary_metric": primary_metric, "direction": direction, "success_threshold": success_threshold,
        "granularity": list(granularity), "time_column": time_column,
    }  # fmt: skip
    values |= _keys(values, {"user_column": user_column, "item_column": item_column})
    problem = Problem(team=by.team, created_by=by.user, **_checked(values))
    with unique(f"There is a problem named {problem.name!r} already."):
        problem.save()
        audit.record(by, "problem.create", problem, kind=kind, target_column=target)
    return problem


def update_problem(problem: Problem, *, by: Actor, **changes: Any) -> Problem:
    """Change the named fields; what defines the question stays as it is once runs have answered it."""
    by.require(Role.EDITOR)
    keys = {name: changes.pop(name) for name in KEYS if name in changes}
    unknown = set(changes) - set(CHANGEABLE)
    if unknown:
        raise Invalid(f"A problem has no field {min(unknown)!r}.", field=min(unknown))
    old = {name: getattr(problem, name) for name in CHANGEABLE}
    if "primary_metric" in changes and "direction" not in changes:
        changes["direction"] = None
    changes |= _keys(old | changes, keys)
    values = _checked(old | changes)
    changed = [name for name in CHANGEABLE if values[name] != old[name]]
    with unique(f"There is a problem named {values['name']!r} already."):
        locked = Problem.objects.select_for_update().get(pk=problem.pk)
        defining = [name for name in changed if name in DEFINING or (name, problem.kind) in DEFINING]
        if defining and locked.runs.exists():
            raise Conflict(
                f"Runs were trained on this problem, so its {defining[0]} stays; create a new problem.",
                field=defining[0],
            )
        for name in changed:
            setattr(problem, name, values[name])
        problem.save(update_fields=[*changed, "updated_at"])
        audit.record(by, "problem.update", problem, fields=changed)
    return problem


def delete_problem(problem: Problem, *, by: Actor) -> KeptDeletion | None:
    """Refused while runs refer to it: their lineage leads here."""
    by.require(Role.EDITOR)
    with transaction.atomic():
        locked = Problem.objects.select_for_update().get(pk=problem.pk)
        n_runs = locked.runs.count()
        if n_runs:
            raise Conflict(f"{n_runs:,} runs were trained on this problem, so it stays.")
        audit.record(by, "problem.delete", problem)
        return deletions.delete(locked, "problem", by=by)


def _keys(values: dict[str, Any], keys: dict[str, str]) -> dict[str, list[str]]:
    """The granularity with the named user and item columns in their places; Invalid for other kinds."""
    given = {name: str(value or "").strip() for name, value in keys.items()}
    named = next((name for name, value in given.items() if value), None)
    if named is None:
        return {}
    if values["kind"] != "recommendation":
        raise Invalid("Only a recommendation has a user column and an item column.", field=named)
    old = [*values["granularity"], "", ""]
    found = [given.get(name) or old[place] for place, name in enumerate(KEYS)]
    missing = next((name for name, value in zip(KEYS, found, strict=True) if not value), None)
    if missing:
        raise Invalid(f"A recommendation names its {missing.replace('_', ' ')}.", field=missing)
    return {"granularity": found}


def _checked(values: dict[str, Any]) -> dict[str, Any]:
    """The values in their stored form; Invalid names the field."""
    kind = str(values["kind"])
    checked = {
        "name": clean_name(values["name"]),
        "kind": kind,
        "goal": clean_text(values["goal"] or "", field="goal", max_length=20_000),
        "features": [clean_name(feature, field="features") for feature in values["features"]],
        "target": clean_name(values["target"], field="target") if values["target"] else "",
        "primary_metric": _metric(kind, values["primary_metric"]),
        "direction": values["direction"],
        "success_threshold": values["success_threshold"],
        "granularity": [clean_name(name, field="granularity") for name in values["granularity"]],
        "time_column": clean_name(values["time_column"], field="time_column")
        if values["time_column"]
        else "",
    }
    if not checked["direction"]:
        known = metrics.METRICS.get(kind, {}).get(checked["primary_metric"])
        checked["direction"] = known.direction if known else metrics.MAXIMIZE
    ml_problems.validate(spec_of(Problem(**checked)))
    return checked


def _metric(kind: str, name: str | None) -> str:
    """The metric's name; the first of the kind when none is chosen."""
    if name:
        return clean_name(name, field="primary_metric", max_length=60)
    known = metrics.METRICS.get(kind)
    return next(iter(known)) if known else ""
