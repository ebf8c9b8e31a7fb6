"""How long a test would take with an endpoint's own traffic. For the form, the API and the page of a test."""

from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Min
from django.utils import timezone

from mlregistry.errors import Invalid
from mlregistry.ml.abtests import planning
from mlregistry.ml.abtests.moments import Arm
from serving.models import AbTest, Endpoint, Prediction
from serving.queries import abtest_metrics, abtest_units

DAYS = 28
FEWEST_UNITS = 30
SHORTEST_DAYS = 1 / 24


@dataclass(frozen=True)
class Traffic:
    """Of the last 28 days: units with feedback, the metric, its variance over units, new units a day."""

    days: float
    n_units: int
    value: float
    variance: float
    units_per_day: float

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


def traffic(
    endpoint: Endpoint,
    metric: str,
    *,
    outcome: Any = None,
    per_unit: bool = False,
    until: datetime | None = None,
) -> Traffic | None:
    """None while fewer than 30 units have feedback, from which no variance can be told."""
    end = until or timezone.now()
    first = Prediction.objects.filter(endpoint=endpoint, at__gte=end - timedelta(days=DAYS)).aggregate(
        first=Min("at")
    )["first"]
    if first is None:
        return None
    names = [variant.name for variant in endpoint.variants.all()]
    known = abtest_metrics.METRICS[metric]
    arms = abtest_units.sums(
        endpoint, known, names, outcome=outcome, per_unit=per_unit, since=first, until=end
    )
    largest = max(arms.values(), key=lambda arm: arm.n, default=Arm())
    if largest.n < FEWEST_UNITS:
        return None
    days = max((end - first).total_seconds() / 86_400, SHORTEST_DAYS)
    n = sum(arm.n for arm in arms.values())
    return Traffic(days, n, largest.value, largest.spread().metric, n / days)


def plan(
    found: Traffic, *, effect: float, shares: tuple[float, float], n_challengers: int = 1, alpha: float = 0.05
) -> planning.Plan:
    """For one of so many challengers; the level is shared between them."""
    if effect <= 0:
        raise Invalid("The effect to find must be above 0.", field="effect")
    if min(shares) <= 0:
        raise Invalid("Control and challenger need a share of the traffic each.", field="weights")
    return planning.plan(
        variance=max(found.variance, 1e-12), effect=effect, shares=shares, units_per_day=found.units_per_day,
        alpha=alpha / n_challengers,
    )  # fmt: skip


def days_left(test: AbTest, figures: dict[str, Any], now: datetime) -> float | None:
    """Until each challenger has the planned units at the test's own pace; None before there is one."""
    units: dict[str, int] = {row["variant"]: row["n_units"] for row in figures.get("variants", [])}
    elapsed = (now - test.started_at).total_seconds() / 86_400
    have = [units.get(test.control, 0) + units.get(name, 0) for name in test.challengers]
    if not have or min(have) == 0 or elapsed <= 0:
        return None
    return max(0.0, (test.horizon - min(have)) * elapsed / min(have))
