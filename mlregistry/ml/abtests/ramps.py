"""What a canary does next: stay, go up, go back or be done. Called at every tick with the readings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from mlregistry.ml.abtests.guardrails import BROKEN, OPEN, Reading

STAY, UP, BACK, DONE = "stay", "up", "back", "done"


@dataclass(frozen=True)
class Move:
    what: str
    reason: str


def next_move(
    readings: Sequence[Reading],
    *,
    step: int,
    n_steps: int,
    seconds: float,
    dwell_seconds: float,
    n_requests: int,
    fewest_requests: int,
) -> Move:
    """Back at once when a guardrail is broken; up only when all are kept and time and traffic suffice.

    `step` counts from 0; `seconds` and `n_requests` are those of the step so far.
    """
    broken = [one for one in readings if one.state == BROKEN]
    if broken:
        return Move(BACK, "; ".join(_words(one) for one in broken))
    if seconds < dwell_seconds:
        return Move(STAY, f"{_minutes(dwell_seconds - seconds)} of this step are left")
    if n_requests < fewest_requests:
        return Move(STAY, f"{fewest_requests - n_requests:,} requests of this step are missing")
    waiting = [one for one in readings if one.state == OPEN]
    if waiting:
        return Move(STAY, "not enough data: " + "; ".join(_waits(one) for one in waiting))
    if step + 1 >= n_steps:
        return Move(DONE, "all steps are passed and all guardrails kept")
    return Move(UP, "all guardrails kept")


def _words(one: Reading) -> str:
    return f"{one.name} is {one.value:.4g}, over the limit of {one.limit:g} (at least {one.low:.4g})"


def _waits(one: Reading) -> str:
    more = f", about {one.n_more:,} requests more" if one.n_more else ""
    return f"{one.name} is not yet shown to be under {one.limit:g}{more}"


def _minutes(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.0f} min"
