"""The highest rate at which a latency goal is still met: a search over rates. The worker runs it."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from mlregistry.loadtests.plans import QUANTILES, Measured

TOLERANCE = 1.1  # between the highest rate that was kept and the lowest that was not
MOST_STEPS = 10
LEAST_RATE = 1.0
WHOLE = 20.0  # rates from here on are whole numbers


@dataclass(frozen=True, slots=True)
class Goal:
    """`quantile` (p99, say) within `seconds`, errors at most `error_share`, `least_rate` right answers a second."""

    quantile: str = "p99"
    seconds: float = 0.05
    error_share: float = 0.0
    least_rate: float = 0.0

    def missed(self, measured: Measured) -> list[str]:
        """Why the goal is not met, a sentence for each reason; empty when it is."""
        found = []
        latency = measured.histogram.quantile(QUANTILES[self.quantile])
        if latency is None:
            return ["Nothing was answered."]
        if latency > self.seconds:
            found.append(
                f"{self.quantile} is {_milliseconds(latency)}, the goal {_milliseconds(self.seconds)}."
            )
        if measured.error_share > self.error_share:
            found.append(
                f"{measured.error_share:.2%} of the requests failed, the goal allows {self.error_share:.2%}."
            )
        if measured.n_right + 1 < self.least_rate * measured.seconds:
            found.append(
                f"{measured.throughput:,.0f} right answers a second, the goal is {self.least_rate:,.0f}."
            )
        return found


@dataclass(frozen=True, slots=True)
class Step:
    """One rate that was tried."""

    rate: float
    measured: Measured
    reasons: tuple[str, ...]

    @property
    def kept(self) -> bool:
        return not self.reasons

    def to_json(self) -> dict[str, Any]:
        return {
            "rate": self.rate,
            "kept": self.kept,
            "reasons": list(self.reasons),
            **self.measured.figures(),
        }


def highest_rate(
    measure: Callable[[float], Measured],
    goal: Goal,
    *,
    capacity: float,
    most: float,
    heard: Callable[[list[Step]], None] = lambda steps: None,
) -> list[Step]:
    """The steps in the order they were tried; the highest kept one is the answer (none may be kept).

    `capacity` is what a closed loop reached in a second: half of it is tried first. `heard` is told after each step.
    """
    steps: list[Step] = []
    low, high, rate = 0.0, math.inf, _next(0.0, 1.5 * capacity, most)
    while len(steps) < MOST_STEPS:
        measured = measure(rate)
        reasons = goal.missed(measured)
        steps.append(Step(rate, measured, tuple(reasons)))
        heard(steps)
        low, high = (max(low, rate), high) if not reasons else (low, min(high, rate))
        if low >= most or high <= LEAST_RATE or (low and high / low <= TOLERANCE):
            break
        rate = _next(low, high, most)
    return steps


def best(steps: list[Step]) -> Step | None:
    """The highest rate that was kept, below every lower one that was not."""
    broken = min((step.rate for step in steps if not step.kept), default=math.inf)
    kept = [step for step in steps if step.kept and step.rate < broken]
    return max(kept, key=lambda step: step.rate, default=None)


def _next(low: float, high: float, most: float) -> float:
    rate = high / 3 if not low else low * 1.6 if high == math.inf else math.sqrt(low * high)
    return min(most, max(LEAST_RATE, round(rate) if rate >= WHOLE else rate))


def _milliseconds(seconds: float) -> str:
    return f"{1000 * seconds:,.3g} ms" if seconds < 1 else f"{seconds:,.3g} s"
