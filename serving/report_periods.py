"""The periods of scheduled reports: whole days, weeks from Monday, months, in UTC. Clocks are arguments."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

DAY = timedelta(days=1)


@dataclass(frozen=True)
class Period:
    """From `since` until before `until`."""

    since: datetime
    until: datetime

    @property
    def days(self) -> float:
        return (self.until - self.since) / DAY


def begin(rhythm: str, at: datetime) -> datetime:
    """Of the period in which that moment lies."""
    return BEGINS[rhythm](at.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0))


def newest(rhythm: str, now: datetime, *, hour: int = 0) -> Period:
    """The last one that had ended so many hours ago."""
    until = begin(rhythm, now - timedelta(hours=hour))
    return Period(begin(rhythm, until - DAY), until)


def next_due(rhythm: str, now: datetime, *, hour: int) -> datetime:
    """When the report of the period under way is due, later than now."""
    until = newest(rhythm, now, hour=hour).until
    return _after(rhythm, until) + timedelta(hours=hour)


def before(rhythm: str, of: Period) -> Period:
    """The period before: the calendar's, or as long a time for a report that somebody asked for."""
    if rhythm in BEGINS:
        return Period(begin(rhythm, of.since - DAY), of.since)
    return Period(of.since - (of.until - of.since), of.since)


def _after(rhythm: str, start: datetime) -> datetime:
    """The begin of the period behind the one that begins there."""
    return begin(
        rhythm, start + (32 * DAY if rhythm == "monthly" else 7 * DAY if rhythm == "weekly" else DAY)
    )


BEGINS: dict[str, Callable[[datetime], datetime]] = {
    "daily": lambda day: day,
    "weekly": lambda day: day - day.weekday() * DAY,
    "monthly": lambda day: day.replace(day=1),
}
