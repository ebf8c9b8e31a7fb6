"""What users declare of a model as data: a change of one column, and how the answers may move. Policies keep them."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from mlregistry.errors import Invalid

CHANGES = ("set", "add", "multiply", "replace")
EXPECTED = ("same", "up", "down")
MOST = 50
NAME = re.compile(r"\w[\w ,.-]{0,59}")


@dataclass(frozen=True)
class Expectation:
    """After `change` of `column` the answer is the same, or goes up or down, for at least `share` of the rows.

    `of` is the class whose probability is meant (the second of two where nothing is said). Within `tolerance` an
    answer counts as the same, and as moved in either direction.
    """

    name: str
    column: str
    change: str
    value: Any
    expected: str
    of: Any = None
    tolerance: float = 0.0
    share: float = 1.0

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


def parse(given: Any) -> tuple[Expectation, ...]:
    """A list of objects; Invalid names the field and counts from 1."""
    if not isinstance(given, list) or len(given) > MOST:
        raise Invalid(f"The expectations are a list of at most {MOST}.", field="expectations")
    found = tuple(_one(number, one) for number, one in enumerate(given, start=1))
    names = [one.name for one in found]
    for name in names:
        if names.count(name) > 1:
            raise Invalid(f"Two expectations are named “{name}”.", field="expectations")
    return found


def _one(number: int, given: Any) -> Expectation:
    if not isinstance(given, Mapping):
        raise _wrong(number, "is an object with name, column, change, value and expected")
    known = ("name", "column", "change", "value", "expected", "of", "tolerance", "share")
    for key in given:
        if key not in known:
            raise _wrong(number, f"has no field “{str(key)[:60]}”; there are {', '.join(known)}")
    name, column = str(given.get("name", "")), given.get("column")
    if not NAME.fullmatch(name):
        raise _wrong(number, "needs a name of letters, digits, blanks, commas, dots and hyphens (at most 60)")
    if not isinstance(column, str) or not column or len(column) > 200:
        raise _wrong(number, "must name a column")
    if given.get("change") not in CHANGES:
        raise _wrong(number, f"has one of the changes {', '.join(CHANGES)}")
    if given.get("expected") not in EXPECTED:
        raise _wrong(number, f"expects one of {', '.join(EXPECTED)}")
    of = given.get("of")
    if of is not None and not isinstance(of, str | int | float):
        raise _wrong(number, "names in “of” a class")
    return Expectation(
        name, column, given["change"], _value(number, given), given["expected"], of,
        _number(number, given, "tolerance", 0.0, 0.0, 1e12), _number(number, given, "share", 1.0, 0.5, 1.0),
    )  # fmt: skip


def _value(number: int, given: Mapping[str, Any]) -> Any:
    value, change = given.get("value"), given["change"]
    if change in ("add", "multiply") and not _is_number(value):
        raise _wrong(number, f"needs a number as the value to {change}")
    if change == "replace" and not (isinstance(value, Mapping) and 1 <= len(value) <= 100):
        raise _wrong(number, 'needs an object as the value to replace by, such as {"old": "new"}')
    plain = value.values() if isinstance(value, Mapping) else [value]
    if not all(one is None or isinstance(one, str | bool) or _is_number(one) for one in plain):
        raise _wrong(number, "has values that are texts, numbers, true, false or null")
    if any(isinstance(one, str) and len(one) > 1_000 for one in plain):
        raise _wrong(number, "has texts of at most 1,000 characters")
    return dict(value) if isinstance(value, Mapping) else value


def _is_number(value: Any) -> bool:
    return (
        isinstance(value, int | float)
        and not isinstance(value, bool)
        and abs(value) < 1e300
        and math.isfinite(value)
    )


def _number(
    number: int, given: Mapping[str, Any], name: str, default: float, low: float, high: float
) -> float:
    value = given.get(name, default)
    if not _is_number(value) or not low <= value <= high:
        raise _wrong(number, f"has a {name} between {low:g} and {high:g}")
    return float(value)


def _wrong(number: int, what: str) -> Invalid:
    return Invalid(f"Expectation {number} {what}.", field="expectations")
