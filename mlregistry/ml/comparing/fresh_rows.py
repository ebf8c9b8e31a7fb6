"""Champion and challenger on the same rows, which neither was trained on. Called by retraining."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, field
from typing import Any

from mlregistry.errors import Invalid
from mlregistry.ml import resampling
from mlregistry.ml.comparing.rows import bootstrapped
from mlregistry.ml.metrics import MAXIMIZE, METRICS, Outcome, measure

SEED = 11


@dataclass(frozen=True)
class FreshComparison:
    """`improvement` of the metric, positive for a better challenger whatever its direction, with its 95 % interval
    (None where the metric has none). `champion_metrics` and `challenger_metrics` are all of the kind."""

    metric: str
    n_rows: int
    champion: float
    challenger: float
    improvement: float
    low: float | None
    high: float | None
    p: float | None
    champion_metrics: dict[str, float] = field(default_factory=dict)
    challenger_metrics: dict[str, float] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    def is_enough(self, least_gain: float, *, sure: bool) -> bool:
        """Better by the least gain; with `sure` its whole interval is."""
        if not sure:
            return self.improvement > least_gain
        return self.low is not None and self.low > least_gain


def compare(kind: str, metric: str, champion: Outcome, challenger: Outcome) -> FreshComparison:
    """Paired bootstrap over the same resamples; Invalid where the rows do not suffice to measure the metric."""
    measured = [measure(kind, one) for one in (champion, challenger)]
    if any(metric not in one for one in measured):
        raise Invalid(f"{metric} cannot be measured on {len(champion.truth)} held-out rows.")
    before, after = (one[metric] for one in measured)
    sign = 1.0 if METRICS[kind][metric].direction == MAXIMIZE else -1.0
    low, high, p = _interval(kind, metric, champion, challenger, sign * (after - before), sign)
    return FreshComparison(
        metric, len(champion.truth), before, after, sign * (after - before), low, high, p, *measured
    )


def _interval(
    kind: str, metric: str, champion: Outcome, challenger: Outcome, improvement: float, sign: float
) -> tuple[float | None, float | None, float | None]:
    plan = resampling.Plan(len(champion.truth), SEED)
    drawn = [resampling.replicates(kind, one, plan, [metric]).get(metric) for one in (champion, challenger)]
    if drawn[0] is None or drawn[1] is None:
        return None, None, None
    found, p = bootstrapped(sign * drawn[1], sign * drawn[0], improvement)
    if not math.isfinite(found.low):
        return None, None, None
    return found.low, found.high, p
