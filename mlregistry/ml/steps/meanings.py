"""What a column of whole numbers stands for, by its name and its range: an identifier, a moment. Suggestions ask."""

from __future__ import annotations

import re

from mlregistry.ml.table_info import NUMERIC_TYPES, Column

REPEATS = 1.5  # rows per identifier from which it is worth something to know it
_IDENTIFIER = re.compile(r"(?:^|[_\W])(?:id|key|code|zip|postcode)$", re.IGNORECASE)
_CAMEL = re.compile(r"[a-z](?:Id|ID)$")
_MOMENT = re.compile(r"time|date|stamp|(?:^|_)(?:at|ts|epoch)$|[a-z]At$", re.IGNORECASE)
SPANS = {"seconds": 1.0, "milliseconds": 1e3}  # units of a second in one
FIRST, LAST = 315_532_800.0, 4_102_444_800.0  # the years 1980 and 2100, in seconds since 1970


def is_identifier(column: Column) -> bool:
    """Whether a whole number only names something, such as userId: its size tells nothing."""
    if column.type not in NUMERIC_TYPES or not _whole(column):
        return False
    return bool(_CAMEL.search(column.name) or _IDENTIFIER.search(column.name))


def unit_of_moment(column: Column) -> str:
    """ "seconds" or "milliseconds" when the numbers are moments since 1970, else nothing."""
    if column.type not in NUMERIC_TYPES or not _MOMENT.search(column.name) or not _whole(column):
        return ""
    numbers = sorted(float(value) for value in column.examples)
    typical, largest = numbers[len(numbers) // 2], column.maximum
    if not isinstance(largest, int | float):
        return ""
    fitting = [unit for unit, size in SPANS.items() if FIRST * size <= typical <= largest <= LAST * size]
    return fitting[0] if fitting else ""


def _whole(column: Column) -> bool:
    numbers = column.examples
    return bool(numbers) and all(isinstance(one, int | float) and float(one).is_integer() for one in numbers)
