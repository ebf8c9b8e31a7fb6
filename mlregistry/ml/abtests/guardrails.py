"""What a canary may not do: rates under a limit, a metric that does not fall. Called at every tick of a canary.

A guardrail is kept, broken or still open; "open" is a state of its own, for a canary of sixty requests shows nothing.
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import Any

from mlregistry.ml.abtests import sequences
from mlregistry.ml.abtests.effects import effect
from mlregistry.ml.abtests.moments import Arm

KEPT, BROKEN, OPEN = "kept", "broken", "open"
ALPHA = 0.05
LARGEST = 10**9


@dataclass(frozen=True)
class Reading:
    """A guardrail at one look; low and high hold at all looks at once. `n_more`: how many requests without an
    event (None: unknown) would show that it is kept."""

    name: str
    state: str
    value: float | None
    low: float | None
    high: float | None
    limit: float
    n: int
    n_more: int | None = None
    is_rate: bool = True

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


def rate(name: str, n_events: int, n: int, *, limit: float, alpha: float = ALPHA) -> Reading:
    """Broken when the rate lies above the limit for sure, kept when it lies below for sure."""
    low, high = sequences.rate_interval(n_events, n, alpha=alpha)
    state = BROKEN if low > limit else KEPT if high < limit else OPEN
    more = _more(n_events, n, limit, alpha) if state == OPEN else None
    return Reading(name, state, n_events / n if n else None, low, high, limit, n, more)


def fall(
    name: str, control: Arm, canary: Arm, *, limit: float, maximize: bool, horizon: int, alpha: float = ALPHA
) -> Reading:
    """How far the metric is worse than the control's: broken above the limit for sure, kept below it for sure."""
    found = effect(control, canary)
    if found is None:
        return Reading(name, OPEN, None, None, None, limit, canary.n, is_rate=False)
    worse = -found.estimate if maximize else found.estimate
    half = found.error * sequences.reach(found.n, alpha=alpha, rho=sequences.tuned(horizon, alpha))
    state = BROKEN if worse - half > limit else KEPT if worse + half < limit else OPEN
    return Reading(name, state, worse, worse - half, worse + half, limit, canary.n, is_rate=False)


def _more(n_events: int, n: int, limit: float, alpha: float) -> int | None:
    """Requests without an event until the sequence lies below the limit."""
    if limit <= 0:
        return None
    step = 1
    while sequences.rate_interval(n_events, n + step, alpha=alpha)[1] >= limit:
        step *= 2
        if step > LARGEST:
            return None
    low, high = step // 2, step
    while high - low > 1:
        middle = (low + high) // 2
        kept = sequences.rate_interval(n_events, n + middle, alpha=alpha)[1] < limit
        low, high = (low, middle) if kept else (middle, high)
    return math.ceil(high)
