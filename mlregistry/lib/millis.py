"""Times on the wire of MLflow: whole milliseconds since 1970. Called by measurements and the MLflow door."""

from __future__ import annotations

import datetime

from mlregistry.errors import Invalid

EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)
ONE = datetime.timedelta(milliseconds=1)


def to_millis(time: datetime.datetime) -> int:
    """Whole milliseconds, rounded down; the time must know its zone."""
    return (time - EPOCH) // ONE


def from_millis(millis: int, *, field: str = "timestamp") -> datetime.datetime:
    """The time in UTC; Invalid when no calendar has it."""
    try:
        return EPOCH + ONE * millis
    except OverflowError as error:
        raise Invalid(f"{millis} milliseconds are no time.", field=field) from error


def now_millis() -> int:
    return to_millis(datetime.datetime.now(datetime.UTC))
