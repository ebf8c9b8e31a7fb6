"""What one look at an A/B test sees: its variants, the comparisons, the check of the split. For looks and pages."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from mlregistry.ml.abtests import allocation, bayes, comparisons, fixed
from mlregistry.ml.abtests.effects import effect
from mlregistry.ml.abtests.moments import Arm
from models_app.models import ModelVersion
from serving.models import AbTest, AbTestLook, AbTestStep
from serving.queries import abtest_metrics, abtest_units

GRACE = timedelta(seconds=5)  # until every process has heard of new weights
MOST_LOOKS = 500


@dataclass(frozen=True)
class Look:
    """`figures` are shown and kept; `memory` is what the next look must know; `split_p` belongs to the step."""

    figures: dict[str, Any]
    memory: dict[str, Any]
    split_p: float


def newest_of(endpoint_id: int, *, limit: int = 10) -> list[AbTest]:
    """The tests of an endpoint's page, the newest first."""
    return list(AbTest.objects.filter(endpoint_id=endpoint_id)[:limit])


def versions_of(test: AbTest) -> dict[str, ModelVersion]:
    """What it compares, by variant, behind the endpoint or no longer; a deleted version is left out."""
    found = ModelVersion.objects.select_related("model").in_bulk(list(test.versions.values()))
    return {name: found[key] for name, key in test.versions.items() if key in found}


def steps_of(test: AbTest) -> list[AbTestStep]:
    return list(test.steps.all())


def looks_of(test: AbTest) -> list[AbTestLook]:
    """Thinned to the newest of each of 500 stretches of time, the last one always among them."""
    keys = list(AbTestLook.objects.filter(test=test).values_list("pk", flat=True).order_by("at"))
    every = max(1, -(-len(keys) // MOST_LOOKS))
    return list(AbTestLook.objects.filter(pk__in=keys[::-1][::every]).order_by("at"))


def look(test: AbTest, step: AbTestStep, now: datetime) -> Look:
    """Measures the test as it stands; changes nothing."""
    seen = abtest_units.seen(test.endpoint, list(test.versions), since=step.started_at + GRACE, until=now)
    split, split_p = _split(step, seen)
    arms = arms_of(test, now) if test.metric else {}
    chances = chances_of(test, arms) if arms else {}
    compared = _compared(test, arms)
    memory = {**test.memory, "p": {one.variant: [one.p_wins, one.p_loses] for one in compared}}
    memory["fixed"] = {**_fixed(test, arms), **test.memory.get("fixed", {})}
    memory["split_alarm"] = bool(test.memory.get("split_alarm")) or split["alarm"]
    figures = {
        "weights": step.weights,
        "variants": [
            {
                "variant": name,
                "n_seen": seen.get(name, 0),
                "n_units": arms[name].n if name in arms else 0,
                "n_predictions": arms[name].n_predictions if name in arms else 0,
                "value": arms[name].value if name in arms and arms[name].n else None,
                **(chances[name].to_json() if name in chances else {"best": None, "loss": None}),
            }
            for name in test.versions
        ],
        "comparisons": [one.to_json() for one in compared],
        "split": split,
    }
    return Look(figures, memory, split_p)


def arms_of(test: AbTest, until: datetime | None = None) -> dict[str, Arm]:
    """Each variant's sums since the start; a variant without feedback has an empty one."""
    found = abtest_units.sums(
        test.endpoint,
        abtest_metrics.METRICS[test.metric],
        list(test.versions),
        outcome=test.outcome,
        per_unit=test.per_unit,
        since=test.started_at + GRACE,
        until=until,
        cuped_days=test.cuped_days,
    )
    return {name: found.get(name, Arm()) for name in test.versions}


def chances_of(test: AbTest, arms: Mapping[str, Arm]) -> dict[str, bayes.Chance]:
    """Nothing until every variant has two units to go by."""
    if min(arm.n for arm in arms.values()) < 2:
        return {}
    rate = _counts_once(test, arms)
    posteriors = [bayes.posterior(arm, is_rate=rate) for arm in arms.values()]
    return dict(zip(arms, bayes.chances(posteriors, maximize=test.maximize), strict=True))


def rules_of(test: AbTest) -> comparisons.Rules:
    return comparisons.Rules(
        maximize=test.maximize, margin=test.margin, alpha=test.alpha, horizon=test.horizon,
        cuped=test.cuped_days > 0,
    )  # fmt: skip


def _compared(test: AbTest, arms: Mapping[str, Arm]) -> list[comparisons.Comparison]:
    if not arms:
        return []
    before = {name: (p[0], p[1]) for name, p in test.memory.get("p", {}).items()}
    challengers = {name: arms[name] for name in test.challengers}
    return comparisons.compare(arms[test.control], challengers, rules_of(test), before=before)


def _fixed(test: AbTest, arms: Mapping[str, Arm]) -> dict[str, Any]:
    """The tests of those challengers whose units have reached the horizon. Each is made once and then kept."""
    found: dict[str, Any] = {}
    for name in test.challengers if arms else ():
        control, challenger = arms[test.control], arms[name]
        known = effect(control, challenger, cuped=test.cuped_days > 0)
        if known is None or known.n < test.horizon:
            continue
        against = test.margin if test.maximize else -test.margin
        alpha = test.alpha / len(test.challengers)
        if _counts_once(test, arms) and not test.cuped_days:
            made = fixed.two_proportions(control, challenger, alpha=alpha, against=against)
        else:
            made = fixed.welch(known, (control.n, challenger.n), alpha=alpha, against=against)
        found[name] = {**made.to_json(), "n": known.n}
    return found


def _counts_once(test: AbTest, arms: Mapping[str, Arm]) -> bool:
    """A rate of which each unit brings exactly one 0 or 1, so that the sums say all."""
    rate = abtest_metrics.is_rate(abtest_metrics.METRICS[test.metric], test.outcome)
    return rate and all(arm.n == arm.n_predictions for arm in arms.values())


def _split(step: AbTestStep, seen: Mapping[str, int]) -> tuple[dict[str, Any], float]:
    total = sum(step.weights.values())
    shares = [weight / total for weight in step.weights.values()]
    counts = [seen.get(name, 0) for name in step.weights]
    p = min(step.split_p, allocation.sequential_p(counts, shares))
    chi_square_p = allocation.chi_square_p(counts, shares)
    return {"p": p, "chi_square_p": chi_square_p, "alarm": p < allocation.ALARM}, p
