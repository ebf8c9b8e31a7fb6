"""What a retraining policy declares, and what is wrong with it. Called by `retraining_policies`; doors fill it in."""

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from mlregistry.errors import Invalid
from mlregistry.ml import recipes as ml_recipes
from models_app.actions.alias_names import check_form
from serving.actions.abtest_declarations import CANARY_STEPS, check_canary
from serving.models import DriftTrigger, Endpoint, GoLive, Method, RetrainingPolicy

KINDS = ("classification", "regression")
YEAR_HOURS = 366 * 24
RANGES: dict[str, tuple[float, float, str]] = {
    "every_hours": (1, YEAR_HOURS, "The hours between two retrainings"),
    "drift_looks": (1, 50, "The checks in a row"),
    "metric_floor": (-1e12, 1e12, "The bound of the live metric"),
    "metric_fall": (0, 1e12, "The fall of the live metric"),
    "metric_hours": (1, 90 * 24, "The hours of the live metric"),
    "metric_rows": (20, 1_000_000, "The rows of the live metric"),
    "new_labels": (1, 100_000_000, "The new labelled rows"),
    "cooldown_hours": (0, YEAR_HOURS, "The hours of the cool-down"),
    "search_trials": (2, 1_000, "The trials of the search"),
    "search_minutes": (1, 24 * 60, "The minutes of the search"),
    "window_days": (1, 400, "The days of the window"),
    "most_rows": (1_000, 20_000_000, "The limit of rows"),
    "least_labels": (50, 10_000_000, "The fewest labelled rows"),
    "held_out_share": (0.05, 0.5, "The share that is held out"),
    "least_gain": (-1e12, 1e12, "The least gain"),
    "shadow_rows": (20, 1_000_000, "The rows of the shadow"),
    "deadline_days": (1, 90, "The days for going live"),
}
CHOICES = {
    "on_drift": DriftTrigger.values, "method": Method.values, "go_live": GoLive.values,
}  # fmt: skip
GUARDRAILS = {"error_rate": 0.02}


@dataclass(frozen=True)
class Declaration:
    """As `models.RetrainingPolicy` keeps it; a trigger without its figure is none."""

    enabled: bool = True
    every_hours: int | None = None
    on_drift: str = DriftTrigger.DRIFT
    drift_looks: int = 2
    metric_floor: float | None = None
    metric_fall: float | None = None
    metric_hours: int = 168
    metric_rows: int = 200
    new_labels: int | None = None
    cooldown_hours: int = 24
    method: str = Method.RECIPE
    recipe: Mapping[str, Any] | None = None
    search_trials: int = 30
    search_minutes: int = 15
    window_days: int = 30
    with_original: bool = True
    most_rows: int = 1_000_000
    least_labels: int = 200
    held_out_share: float = 0.2
    least_gain: float = 0.0
    sure: bool = True
    go_live: str = GoLive.CANARY
    approval: bool = True
    alias: str = "champion"
    steps: tuple[float, ...] = CANARY_STEPS
    dwell_seconds: int = 600
    fewest_requests: int = 200
    guardrails: Mapping[str, float] = field(default_factory=lambda: dict(GUARDRAILS))
    shadow_rows: int = 200
    deadline_days: int = 14


def declaration_of(policy: RetrainingPolicy) -> Declaration:
    found = {name: getattr(policy, name) for name in Declaration.__dataclass_fields__}
    return Declaration(**{**found, "steps": tuple(policy.steps)})


def plain(declared: Declaration) -> dict[str, Any]:
    """As JSON, for the row of a retraining, the audit trail and the API."""
    return {**asdict(declared), "steps": list(declared.steps), "guardrails": dict(declared.guardrails)}


def checked(endpoint: Endpoint, wanted: Declaration) -> Declaration:
    """The same with a whole recipe. Invalid names the field at fault."""
    problem = endpoint.problem
    if problem is None or problem.kind not in KINDS:
        raise Invalid(
            f"“{endpoint.name}” answers no classification or regression, so there is nothing to retrain by truths."
            " Give the endpoint its problem first.",
            field="endpoint",
        )
    if endpoint.log_mode == "off":
        raise Invalid(
            "Switch the endpoint's prediction log on: retraining learns from what it holds.",
            field="log_mode",
        )
    for name, (least, most, words) in RANGES.items():
        _within(name, getattr(wanted, name), least, most, words)
    for name, known in CHOICES.items():
        if getattr(wanted, name) not in known:
            listed = ", ".join(repr(one) if one else "nothing" for one in known)
            raise Invalid(f"{name} must be one of {listed}.", field=name)
    if wanted.alias:
        check_form(wanted.alias)
    if wanted.go_live == GoLive.CANARY:
        check_canary(
            wanted.steps, wanted.dwell_seconds, wanted.fewest_requests, wanted.guardrails,
            holds=wanted.approval,
        )  # fmt: skip
        _check_guardrails(wanted)
    _check_triggers(wanted)
    return replace(wanted, recipe=checked_recipe(wanted.recipe, problem.kind))


def checked_recipe(recipe: Mapping[str, Any] | None, kind: str) -> dict[str, Any] | None:
    """The recipe with its defaults; None stays None, for the champion's own."""
    if recipe is None:
        return None
    if not isinstance(recipe, Mapping):
        raise Invalid("A recipe is an object; leave it empty for the champion's own.", field="recipe")
    try:
        return ml_recipes.parse(recipe, kind=kind).to_json()
    except Invalid as error:
        raise Invalid(
            error.message, field=f"recipe.{error.field or ''}".rstrip("."), details=error.details
        ) from error


def _check_triggers(wanted: Declaration) -> None:
    by = (wanted.every_hours, wanted.metric_floor, wanted.metric_fall, wanted.new_labels)
    if wanted.enabled and not wanted.on_drift and all(one is None for one in by):
        raise Invalid(
            "Say what sets a retraining off: a rhythm, drift, a fall of the live metric or new labelled rows; or"
            " switch the policy off and start them yourself.",
            field="on_drift",
        )


def _check_guardrails(wanted: Declaration) -> None:
    if "metric_fall" in wanted.guardrails:
        raise Invalid(
            "The guardrail metric_fall needs a test's own metric; the fresh rows compare the metric here.",
            field="guardrails",
        )


def _within(field: str, value: float | None, least: float, most: float, words: str) -> None:
    if value is None and Declaration.__dataclass_fields__[field].default is None:
        return
    if value is None or isinstance(value, bool) or not math.isfinite(value) or not least <= value <= most:
        raise Invalid(f"{words} must lie between {least:g} and {most:,g}.", field=field)
