"""Checks what a test declares before its start. Called by `start_test`."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from mlregistry.errors import Invalid
from mlregistry.ml.abtests import thompson
from models_app.actions.alias_names import check_form
from serving.hotpath.counters import BOUNDS
from serving.models import Endpoint, Mode, Variant
from serving.queries import abtest_metrics, abtest_plans

CANARY_STEPS = (1.0, 5.0, 25.0, 50.0, 100.0)
DAY = 86_400
DEFAULT_HORIZON = 10_000
HORIZONS = (60, 10**9)
RATES = {"error_rate": "the error rate", "null_rate": "the null rate"}
GUARDRAILS = (*RATES, "p99_seconds", "metric_fall")


@dataclass(frozen=True)
class Declaration:
    """What somebody wants to test, as they said it. `weights` are per cent by variant, those of now when left out.

    A canary that `holds` promotes nothing by itself: after its steps it waits for somebody who does.
    """

    name: str
    control: str
    mode: str = Mode.SPLIT
    hypothesis: str = ""
    metric: str = ""
    outcome: Any = None
    maximize: bool | None = None
    per_unit: bool = False
    margin: float = 0.0
    effect: float | None = None
    alpha: float = 0.05
    horizon: int | None = None
    cuped_days: int = 0
    weights: Mapping[str, float] | None = None
    alias: str = ""
    steps: tuple[float, ...] = CANARY_STEPS
    dwell_seconds: float = 600.0
    fewest_requests: int = 200
    guardrails: Mapping[str, float] = field(default_factory=dict)
    holds: bool = False
    floor: float = 5.0
    every_seconds: int = 3600


def checked(endpoint: Endpoint, wanted: Declaration) -> dict[str, Any]:
    """The fields of the row, and under `weights` the first split; Invalid names the field."""
    _check_text(wanted)
    rows = {variant.name: variant for variant in endpoint.variants.all()}
    names = _taking_part(wanted, rows)
    options = _options(wanted, names)
    _check_log(endpoint, wanted)
    metric = _metric(endpoint, wanted)
    weights = _first_weights(wanted, names, rows)
    return {
        "name": wanted.name, "mode": wanted.mode, "hypothesis": wanted.hypothesis, "control": wanted.control,
        "versions": {name: rows[name].version_id for name in names},
        "metric": wanted.metric, "outcome": wanted.outcome if wanted.metric == "outcome" else None,
        "maximize": _direction(metric, wanted), "per_unit": wanted.per_unit,
        "margin": wanted.margin, "effect": wanted.effect, "alpha": wanted.alpha,
        "horizon": _horizon(endpoint, wanted, weights, len(names) - 1),
        "cuped_days": wanted.cuped_days, "options": options, "alias": wanted.alias, "weights": weights,
    }  # fmt: skip


def _check_text(wanted: Declaration) -> None:
    if not wanted.name or len(wanted.name) > 100:
        raise Invalid("The test needs a name of at most 100 characters.", field="name")
    if wanted.mode not in Mode.values:
        raise Invalid(f"The mode must be one of {', '.join(Mode.values)}.", field="mode")
    if len(wanted.hypothesis) > 10_000:
        raise Invalid("The hypothesis may have at most 10,000 characters.", field="hypothesis")
    if wanted.alias:
        check_form(wanted.alias)
    _check_range(wanted.margin, "margin", "The margin", -1e12, 1e12)
    _check_range(wanted.alpha, "alpha", "The level", 0.0001, 0.2)
    _check_range(wanted.cuped_days, "cuped_days", "The days before the test", 0, 90)
    if wanted.effect is not None:
        _check_range(wanted.effect, "effect", "The effect to find", -1e12, 1e12)
        if wanted.effect <= wanted.margin:
            raise Invalid(
                f"The improvement you hope for must be above the margin of {wanted.margin:g}, or the test could not"
                " show it.",
                field="effect",
            )
    if wanted.horizon is not None:
        _check_range(wanted.horizon, "horizon", "The number of units", *HORIZONS)


def _taking_part(wanted: Declaration, rows: Mapping[str, Variant]) -> list[str]:
    """The variants of the test, the control first."""
    if wanted.control not in rows:
        raise Invalid(f"The control must be one of the variants: {', '.join(rows)}.", field="control")
    names = list(rows)
    if wanted.mode == Mode.CANARY and len(names) != 2:
        raise Invalid(
            f"A canary runs on an endpoint of exactly two variants; this one has {len(names)}.", field="mode"
        )
    if wanted.mode == Mode.SPLIT:
        given = wanted.weights or {name: float(row.weight) for name, row in rows.items()}
        if unknown := set(given) - set(names):
            raise Invalid(f"There is no variant “{min(unknown)}”.", field="weights")
        names = [name for name in names if given.get(name, 0) > 0]
    if len(names) < 2 or wanted.control not in names:
        raise Invalid("The control and at least one challenger need a share of the traffic.", field="weights")
    return [wanted.control, *(name for name in names if name != wanted.control)]


def _options(wanted: Declaration, names: list[str]) -> dict[str, Any]:
    if wanted.mode == Mode.CANARY:
        return _canary(wanted)
    if wanted.mode == Mode.BANDIT:
        _check_range(wanted.floor, "floor", "The floor", 0.01, 100 / len(names))
        _check_range(wanted.every_seconds, "every_seconds", "The time between changes", 60, 30 * DAY)
        return {"floor": round(wanted.floor, 2), "every_seconds": wanted.every_seconds}
    return {}


def _canary(wanted: Declaration) -> dict[str, Any]:
    limits = dict(wanted.guardrails)
    steps = check_canary(
        wanted.steps, wanted.dwell_seconds, wanted.fewest_requests, limits, holds=wanted.holds
    )
    return {
        "steps": steps, "dwell_seconds": wanted.dwell_seconds, "fewest_requests": wanted.fewest_requests,
        "guardrails": limits, **({"holds": True} if wanted.holds else {}),
    }  # fmt: skip


def check_canary(
    shares: Sequence[float],
    dwell_seconds: float,
    fewest_requests: int,
    limits: Mapping[str, float],
    *,
    holds: bool,
) -> list[float]:
    """The steps, rounded; Invalid names what is wrong. One that holds after its steps need not come to 100 per cent."""
    steps = [round(step, 2) for step in shares]
    rising = all(low < high for low, high in zip([0.0, *steps], steps, strict=False))
    ends_well = steps[-1:] <= [100] if holds else steps[-1:] == [100]
    if not steps or len(steps) > 20 or not rising or not ends_well:
        raise Invalid("The steps must rise from above 0 to 100 per cent, at most 20 of them.", field="steps")
    _check_range(dwell_seconds, "dwell_seconds", "The time on each step", 0, 30 * DAY)
    _check_range(fewest_requests, "fewest_requests", "The requests of each step", 1, 10**9)
    if not limits:
        raise Invalid("A canary needs at least one guardrail.", field="guardrails")
    if unknown := set(limits) - set(GUARDRAILS):
        raise Invalid(
            f"“{min(unknown)}” is no guardrail; there are {', '.join(GUARDRAILS)}.", field="guardrails"
        )
    for name, words in RATES.items():
        if name in limits:
            _check_range(limits[name], name, f"The limit of {words}", 0.0001, 0.99)
    if "p99_seconds" in limits and limits["p99_seconds"] not in BOUNDS:
        bounds = ", ".join(f"{bound:g}" for bound in BOUNDS)
        raise Invalid(f"The latency limit must be one of {bounds} seconds.", field="p99_seconds")
    if "metric_fall" in limits:
        _check_range(limits["metric_fall"], "metric_fall", "The fall of the metric", 1e-9, 1e12)
    return steps


def _check_log(endpoint: Endpoint, wanted: Declaration) -> None:
    needs_log = wanted.mode != Mode.CANARY or {"null_rate", "metric_fall"} & set(wanted.guardrails)
    if endpoint.log_mode == "off" and needs_log:
        raise Invalid(
            "Switch the endpoint's prediction log on: the test is measured by it.", field="log_mode"
        )


def _metric(endpoint: Endpoint, wanted: Declaration) -> abtest_metrics.LiveMetric | None:
    needed = wanted.mode != Mode.CANARY or "metric_fall" in wanted.guardrails
    if not wanted.metric and not needed:
        return None
    return abtest_metrics.checked(endpoint, wanted.metric, wanted.outcome)


def _direction(metric: abtest_metrics.LiveMetric | None, wanted: Declaration) -> bool:
    if metric is not None and metric.maximize is not None:
        if wanted.maximize not in (None, metric.maximize):
            raise Invalid(
                f"The metric “{metric.name}” is better when it is "
                f"{'larger' if metric.maximize else 'smaller'}.",
                field="maximize",
            )
        return metric.maximize
    return True if wanted.maximize is None else wanted.maximize


def _first_weights(wanted: Declaration, names: list[str], rows: Mapping[str, Variant]) -> dict[str, float]:
    if wanted.mode == Mode.CANARY:
        return {wanted.control: round(100 - wanted.steps[0], 2), names[1]: wanted.steps[0]}
    now = {name: float(rows[name].weight) for name in names}
    if wanted.mode == Mode.BANDIT:
        return thompson.weights(now, floor=wanted.floor)
    return {name: float(weight) for name, weight in (wanted.weights or now).items() if name in names}


def _horizon(
    endpoint: Endpoint, wanted: Declaration, weights: Mapping[str, float], n_challengers: int
) -> int:
    """As declared, or as many units as it takes to find the effect, by the traffic of the last weeks."""
    if wanted.horizon is not None:
        return int(wanted.horizon)
    if wanted.effect is None or not wanted.metric:
        return DEFAULT_HORIZON
    found = abtest_plans.traffic(endpoint, wanted.metric, outcome=wanted.outcome, per_unit=wanted.per_unit)
    if found is None:
        return DEFAULT_HORIZON
    smallest = min(weight for name, weight in weights.items() if name != wanted.control)
    shares = (max(weights[wanted.control], 0.01) / 100, max(smallest, 0.01) / 100)
    planned = abtest_plans.plan(
        found, effect=wanted.effect - wanted.margin, shares=shares, n_challengers=n_challengers,
        alpha=wanted.alpha,
    )  # fmt: skip
    return min(max(planned.sequential_units or HORIZONS[1], HORIZONS[0]), HORIZONS[1])


def _check_range(value: float, name: str, words: str, low: float, high: float) -> None:
    if isinstance(value, bool) or not math.isfinite(value) or not low <= value <= high:
        raise Invalid(f"{words} must lie between {low:g} and {high:g}.", field=name)
