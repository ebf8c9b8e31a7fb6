"""How a study searches, checked: objectives, sampler, pruner, budgets. Called by the action that creates studies."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from mlregistry.errors import Invalid
from mlregistry.ml import metrics
from mlregistry.ml.search import pruning, sampling
from mlregistry.ml.search.space import Space

CPU_SECONDS = "cpu_seconds"
MOST_OBJECTIVES = 3
BY_FOLDS = ("classification", "regression")
RANGES: dict[str, tuple[float, float]] = {
    "seed": (0, 2**32 - 1),
    "n_lanes": (0, 64),
    "max_trials": (1, 10_000),
    "max_seconds": (1, 30 * 24 * 3600),
    "patience": (1, 10_000),
    "trial_seconds": (1, 24 * 3600),
    "trial_memory_mb": (64, 65_536),
    "outer_folds": (0, 10),
}


@dataclass(frozen=True)
class Plan:
    """`shares` are parts of the rows measured before the folds, each a step at which a trial may be pruned."""

    objectives: tuple[dict[str, str], ...] = ()
    sampler: str = "tpe"
    pruner: str = "none"
    shares: tuple[float, ...] = ()
    seed: int = 42
    n_lanes: int = 2
    max_trials: int = 50
    max_seconds: int | None = None
    max_cost: float | None = None
    patience: int | None = None
    trial_seconds: int = 600
    trial_memory_mb: int = 2048
    warm_from: tuple[int, ...] = field(default=())
    outer_folds: int = 0


def by_folds(kind: str) -> bool:
    """Whether trials of this kind are cross-validated; the others are measured on held-out training rows."""
    return kind in BY_FOLDS


def logged(kind: str, metric: str) -> str:
    """The name under which a trial's run logs the metric that its study goes by."""
    return f"cv_{metric}_mean" if by_folds(kind) else f"validation_{metric}"


def parse(data: Mapping[str, Any], *, kind: str | None, primary: Mapping[str, str] | None) -> Plan:
    """The plan; without objectives it is the problem's primary metric. Invalid names the field."""
    for name in data:
        if name not in Plan.__dataclass_fields__:
            raise Invalid(f"A study has no field '{str(name)[:60]}'.", field=str(name)[:60])
    given = {name: value for name, value in data.items() if value is not None}
    objectives = _objectives(given.pop("objectives", None), kind, primary)
    shares = _shares(given.pop("shares", ()))
    warm_from = _ids(given.pop("warm_from", ()))
    for name, (low, high) in RANGES.items():
        if name in given:
            _whole(given[name], low, high, name)
    if "max_cost" in given:
        _check_cost(given["max_cost"])
    plan = Plan(objectives=objectives, shares=shares, warm_from=warm_from, **given)
    sampling.check_sampler(plan.sampler, n_objectives=len(objectives))
    pruning.check_pruner(plan.pruner, n_objectives=len(objectives))
    if plan.patience is not None and len(objectives) > 1:
        raise Invalid("The end after trials without improvement needs one objective.", field="patience")
    if kind is not None and not by_folds(kind) and plan.pruner != "none":
        raise Invalid(
            f"A trial of a {kind} is measured once, so there is nothing to stop early; take the pruner none.",
            field="pruner",
        )
    _check_outer(plan, kind)
    return plan


def within(plan: Plan, space: Space) -> int:
    """The number of trials: a grid ends with its last point."""
    return min(plan.max_trials, space.cardinality) if plan.sampler == "grid" else plan.max_trials


def _check_outer(plan: Plan, kind: str | None) -> None:
    if not plan.outer_folds:
        return
    reason = ""
    if kind is None or not by_folds(kind):
        reason = f"Outer folds are for {' and '.join(BY_FOLDS)} problems."
    elif plan.outer_folds == 1:
        reason = "Outer folds are 2 or more (0 for none)."
    elif len(plan.objectives) > 1:
        reason = "Outer folds score a search for one objective."
    elif plan.objectives[0]["metric"] == CPU_SECONDS:
        reason = "Outer folds score how good the winner is; processor time needs none."
    elif plan.max_cost is not None:
        reason = "A budget in money does not count outer folds; limit trials or minutes instead."
    if reason:
        raise Invalid(reason, field="outer_folds")


def _objectives(
    given: Any, kind: str | None, primary: Mapping[str, str] | None
) -> tuple[dict[str, str], ...]:
    if given is None and primary is not None:
        return (dict(primary),)
    if not isinstance(given, Sequence) or isinstance(given, str) or not 1 <= len(given) <= MOST_OBJECTIVES:
        raise Invalid(
            f"The objectives are a list of 1 to {MOST_OBJECTIVES}, each {{metric, direction}}.",
            field="objectives",
        )
    found = tuple(_objective(one, kind) for one in given)
    if len({one["metric"] for one in found}) < len(found):
        raise Invalid("An objective is named twice.", field="objectives")
    return found


def _objective(one: Any, kind: str | None) -> dict[str, str]:
    name = one.get("metric") if isinstance(one, Mapping) else None
    if not isinstance(name, str) or not 1 <= len(name) <= 200:
        raise Invalid("An objective names its metric.", field="objectives")
    known = _direction(name, kind)
    direction = one.get("direction") or known
    if direction not in (metrics.MAXIMIZE, metrics.MINIMIZE):
        raise Invalid("The direction is maximize or minimize.", field="objectives")
    if known is not None and direction != known:
        raise Invalid(f"{name} is a metric to {known}.", field="objectives")
    return {"metric": name, "direction": direction}


def _direction(name: str, kind: str | None) -> str | None:
    if kind is None:
        return None
    if name == CPU_SECONDS:
        return metrics.MINIMIZE
    try:
        return metrics.metric(kind, name).direction
    except Invalid as error:
        raise Invalid(f"{error.message} Or {CPU_SECONDS}.", field="objectives") from error


def _shares(given: Any) -> tuple[float, ...]:
    good = isinstance(given, Sequence) and not isinstance(given, str) and len(given) <= 5
    if not good or not all(isinstance(one, float) and 0.01 <= one < 1 for one in given):
        raise Invalid("The shares are up to 5 numbers from 0.01 to below 1.", field="shares")
    if list(given) != sorted(set(given)):
        raise Invalid("The shares of the rows rise.", field="shares")
    return tuple(given)


def _ids(given: Any) -> tuple[int, ...]:
    good = isinstance(given, Sequence) and not isinstance(given, str) and len(given) <= 20
    if not good or not all(isinstance(one, int) and 0 < one < 2**63 for one in given):
        raise Invalid("warm_from is a list of up to 20 studies, by their ids.", field="warm_from")
    return tuple(given)


def _whole(value: Any, low: float, high: float, name: str) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        raise Invalid(f"'{name}' is a whole number from {low:g} to {high:g}.", field=name)


def _check_cost(value: Any) -> None:
    good = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    if not good or not 0 < value <= 1e9:
        raise Invalid("'max_cost' is a number above 0.", field="max_cost")
