"""How far the training rows of a split by time stay away from the test: a number of rows, a duration, a distance.

Recipes check the text, splits apply it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mlregistry.errors import Invalid
from mlregistry.lib.lazily import lazily

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Array = npt.NDArray[Any]
else:
    np = lazily("numpy")

WRITTEN = re.compile(r"(\d{1,12}(?:\.\d{1,9})?)\s*([a-z]*)")
MICROSECONDS = {"s": 10**6, "min": 60 * 10**6, "h": 3600 * 10**6, "d": 86_400 * 10**6, "w": 604_800 * 10**6}
WORDS = {
    "second": "s", "seconds": "s", "minute": "min", "minutes": "min", "hour": "h", "hours": "h", "day": "d",
    "days": "d", "week": "w", "weeks": "w", "row": "rows",
}  # fmt: skip
FORMS = "such as '50 rows', '7 days', '12 h', or a plain number where the order is a number"


@dataclass(frozen=True)
class Gap:
    """`unit` is rows, one of MICROSECONDS, or '' for the unit of a numeric order column."""

    size: float = 0.0
    unit: str = "rows"


def parse(text: str) -> Gap:
    """The gap; '' is none. Invalid says how one is written."""
    if not text.strip():
        return Gap()
    found = WRITTEN.fullmatch(text.strip().lower())
    unit = WORDS.get(found[2], found[2]) if found else "?"
    if found is None or unit not in ("rows", "", *MICROSECONDS):
        raise Invalid(f"A gap is written {FORMS}.", field="split.gap")
    if unit == "rows" and not float(found[1]).is_integer():
        raise Invalid("A gap in rows is a whole number of them.", field="split.gap")
    return Gap(float(found[1]), unit)


def kept(order: Array, early: Array, first: Any, gap: Gap) -> Array:
    """Which of the rows `early` (positions sorted by time) may train for a test that begins at the moment `first`."""
    before: Array = early[order[early] < first]
    if not gap.size:
        return before
    if gap.unit == "rows":
        near: Array = before[: max(0, len(before) - int(gap.size))]
        return near
    far: Array = before[order[before] <= first - _distance(order, gap)]
    return far


def _distance(order: Array, gap: Gap) -> Any:
    in_time = order.dtype.kind == "M"
    if in_time and gap.unit in MICROSECONDS:
        return np.timedelta64(round(gap.size * MICROSECONDS[gap.unit]), "us")
    if not in_time and not gap.unit:
        return gap.size
    wanted = "rows or a duration such as '7 days'" if in_time else "rows or a plain number"
    raise Invalid(
        f"The order column holds {'times' if in_time else 'numbers'}: the gap is {wanted}.", field="split.gap"
    )
