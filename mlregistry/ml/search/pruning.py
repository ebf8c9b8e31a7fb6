"""Whether a trial that is under way should stop early, by what the others showed at the same step. No state.

A step is one report: a share of the rows, or one more fold. Called when a trial reports.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from statistics import median

from mlregistry.errors import Invalid

WAIT_TRIALS = 5
ETA = 3
RACERS = 4
HOPELESS = 0.12
Reports = Mapping[int, float]


def should_prune(pruner: str, own: Reports, others: Sequence[Reports], *, direction: str) -> bool:
    """`own` and `others` hold the value reported at each step; only the newest step of `own` is judged."""
    if not own:
        return False
    sign = 1.0 if direction == "minimize" else -1.0
    turned = [{step: sign * value for step, value in one.items()} for one in others]
    return PRUNERS[pruner]({step: sign * value for step, value in own.items()}, turned)


def check_pruner(name: str, *, n_objectives: int) -> str:
    """The name, or Invalid when it is unknown or there are several objectives."""
    if name not in PRUNERS:
        raise Invalid(f"The pruner is one of: {', '.join(PRUNERS)}.", field="pruner")
    if name != "none" and n_objectives > 1:
        raise Invalid("Trials are pruned by one objective; take the pruner none.", field="pruner")
    return name


def _median(own: Reports, others: Sequence[Reports]) -> bool:
    """The best so far is worse than the median of the others at this step (Golovin et al. 2017)."""
    step = max(own)
    there = [one[step] for one in others if step in one]
    return len(there) >= WAIT_TRIALS and min(own.values()) > median(there)


def _halving(own: Reports, others: Sequence[Reports]) -> bool:
    """Asynchronous successive halving (Li et al. 2020): past each rung goes the best third of all that reached it."""
    step = max(own)
    if not _is_rung(step):
        return False
    there = sorted([own[step], *(one[step] for one in others if step in one)])
    if len(there) < ETA:
        return False
    return own[step] > there[len(there) // ETA - 1]


def _is_rung(step: int) -> bool:
    """Rungs are the steps 1, 3, 9 …: each asks three times the work of the one before."""
    while step % ETA == 0:
        step //= ETA
    return step == 1


def _racing(own: Reports, others: Sequence[Reports]) -> bool:
    """Hopeless on the folds so far: not among the best few, and a good way off the best towards the worst.

    All have measured the same folds, so that the differences are paired (after Maron and Moore 1997).
    """
    step = max(own)
    there = sorted(one[step] for one in others if step in one)
    if len(there) < RACERS or own[step] <= there[RACERS - 1]:
        return False
    return own[step] - there[0] > HOPELESS * (there[-1] - there[0])


PRUNERS: dict[str, Callable[[Reports, Sequence[Reports]], bool]] = {
    "none": lambda own, others: False,
    "median": _median,
    "halving": _halving,
    "racing": _racing,
}
