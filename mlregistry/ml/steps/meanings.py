"""What a column of whole numbers stands for, by its name and its range: an identifier, a moment. Suggestions ask."""

from __future__ import annotations

import re

_IDENTIFIER = re.compile(r"(?:^|[_\W])(?:id|key|code|zip|postcode)$", re.IGNORECASE)
_CAMEL = re.compile(r"[a-z](?:Id|ID)$")
_MOMENT = re.compile(r"time|date|stamp|(?:^|_)(?:at|ts|epoch)$|[a-z]At$", re.IGNORECASE)
SPANS = {"seconds": 1.0, "milliseconds": 1e3}  # units of a second in one
FIRST, LAST = 315_532_800.0, 4_102_444_800.0  # the years 1980 and 2100, in seconds since 1970


def is_identifier(name: str) -> bool:
    """Whether a whole number of this name only names something, such as userId: its size tells nothing."""
    return bool(_CAMEL.search(name) or _IDENTIFIER.search(name))


def unit_of_moment(name: str, typical: float, largest: float) -> str:
    """ "seconds" or "milliseconds" when whole numbers of this name are moments since 1970, else nothing."""
    if not _MOMENT.search(name):
        return ""
    fitting = [unit for unit, size in SPANS.items() if FIRST * size <= typical <= largest <= LAST * size]
    return fitting[0] if fitting else ""
