"""Five-field cron lines (minute hour day month weekday, in UTC). Used by schedule; no Django."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from mlregistry.errors import Invalid

FIELDS = (("minute", 0, 59), ("hour", 0, 23), ("day", 1, 31), ("month", 1, 12), ("weekday", 0, 7))
MOST_DAYS = 366 * 8


@dataclass(frozen=True)
class Cron:
    minutes: frozenset[int]
    hours: frozenset[int]
    days: frozenset[int]
    months: frozenset[int]
    weekdays: frozenset[int]
    either_day: bool

    def after(self, moment: datetime) -> datetime:
        """The first time strictly after `moment`; Invalid when there is none within eight years."""
        start = (moment + timedelta(minutes=1)).replace(second=0, microsecond=0)
        for n in range(MOST_DAYS):
            day = start + timedelta(days=n)
            if not self._is_on(day):
                continue
            for hour in sorted(self.hours):
                for minute in sorted(self.minutes):
                    found = day.replace(hour=hour, minute=minute)
                    if found >= start:
                        return found
        raise Invalid("The cron line names a day that never comes.", field="cron")

    def _is_on(self, day: datetime) -> bool:
        in_month, in_week = day.day in self.days, day.isoweekday() % 7 in self.weekdays
        on = in_month or in_week if self.either_day else in_month and in_week
        return on and day.month in self.months


def parse(line: str) -> Cron:
    """`*/15 6-18 * * 1,3`; when day and weekday are both restricted either one suffices, as in cron(5)."""
    parts = line.split()
    if len(parts) != len(FIELDS):
        raise Invalid("A cron line has five fields: minute hour day month weekday.", field="cron")
    minutes, hours, days, months, weekdays = (_values(p, *f) for p, f in zip(parts, FIELDS, strict=True))
    either = not parts[2].startswith("*") and not parts[4].startswith("*")
    return Cron(minutes, hours, days, months, frozenset(day % 7 for day in weekdays), either)


def _values(text: str, name: str, low: int, high: int) -> frozenset[int]:
    found: set[int] = set()
    for part in text.split(","):
        span, _, step = part.partition("/")
        first, dash, last = span.partition("-")
        try:
            begin = low if span == "*" else int(first)
            end = high if span == "*" or (step and not dash) else int(last if dash else first)
            by = int(step) if "/" in part else 1
        except ValueError:
            begin, end, by = -1, -1, 0
        if by < 1 or not low <= begin <= end <= high:
            raise Invalid(f"{text!r} is not a {name} of a cron line ({low} to {high}).", field="cron")
        found.update(range(begin, end + 1, by))
    return frozenset(found)
