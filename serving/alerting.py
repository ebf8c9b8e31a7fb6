"""How an alert rule goes from one look to the next: a pure table of states. Called by actions.alert_looks."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import Enum

OK, FIRING, NO_DATA = "ok", "firing", "no data"  # as models.alerts.AlertState has them


class Verdict(Enum):
    """Of one look."""

    WELL = "well"
    BROKEN = "broken"
    EMPTY = "empty"


class Telling(Enum):
    """What the rule's channels are told."""

    NOTHING = ""
    FIRING = "firing"
    RECOVERED = "recovered"
    NO_DATA = "no_data"


@dataclass(frozen=True)
class Manner:
    """What the rule declares: how many looks in a row change its state, and how often it speaks."""

    looks: int = 1
    cooldown: timedelta = timedelta(hours=1)
    tells_recovery: bool = True
    tells_no_data: bool = False


@dataclass(frozen=True)
class Standing:
    """`is_told`: that it fires is the last thing its channels heard; `told_at`: when they last heard of trouble."""

    state: str = NO_DATA
    n_broken: int = 0
    n_well: int = 0
    n_empty: int = 0
    is_told: bool = False
    told_at: datetime | None = None


STATES = {Verdict.BROKEN: FIRING, Verdict.WELL: OK, Verdict.EMPTY: NO_DATA}


def verdict_of(value: float | None, n: int, *, above: bool, threshold: float, fewest: int) -> Verdict:
    """A figure of too few observations says nothing; one that lies on the threshold is well."""
    if value is None or n < fewest:
        return Verdict.EMPTY
    broken = value > threshold if above else value < threshold
    return Verdict.BROKEN if broken else Verdict.WELL


def step(standing: Standing, verdict: Verdict, manner: Manner, now: datetime) -> tuple[Standing, Telling]:
    """The standing after a look, and what is to be told.

    What begins to fire within the cool-down is told when that is over, if it fires still; what was never told needs
    no recovery.
    """
    counted = replace(
        standing,
        n_broken=standing.n_broken + 1 if verdict is Verdict.BROKEN else 0,
        n_well=standing.n_well + 1 if verdict is Verdict.WELL else 0,
        n_empty=standing.n_empty + 1 if verdict is Verdict.EMPTY else 0,
    )
    in_a_row = max(counted.n_broken, counted.n_well, counted.n_empty)
    if in_a_row >= manner.looks:
        counted = replace(counted, state=STATES[verdict])
    return _told(counted, standing, manner, now)


def _told(after: Standing, before: Standing, manner: Manner, now: datetime) -> tuple[Standing, Telling]:
    rested = after.told_at is None or now - after.told_at >= manner.cooldown
    if after.state == FIRING and not after.is_told and rested:
        return replace(after, is_told=True, told_at=now), Telling.FIRING
    if after.state == OK and after.is_told:
        told = Telling.RECOVERED if manner.tells_recovery else Telling.NOTHING
        return replace(after, is_told=False), told
    lost = after.state == NO_DATA and before.state != NO_DATA
    if lost and manner.tells_no_data and rested:
        return replace(after, is_told=True, told_at=now), Telling.NO_DATA
    return after, Telling.NOTHING
