"""One range of a search space: read from JSON, cut into levels, picked from by a share. Called by its neighbours."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from mlregistry.errors import Invalid
from mlregistry.ml.search_range import Range

MOST_CHOICES = 100
LONGEST_TEXT = 200
LEVELS = 5
KEYS = {"low", "high", "log", "whole", "step", "choices"}


def parse(data: Mapping[str, Any], path: str, *, whole: bool | None = None) -> Range:
    """{"low", "high", "log", "whole", "step"} or {"choices"}; Invalid names the path.

    Without `whole`, two whole ends make whole numbers.
    """
    for key in data:
        if key not in KEYS:
            raise Invalid(
                f"'{path}' has no field '{str(key)[:60]}'; known: {', '.join(sorted(KEYS))}.", field=path
            )
    if "choices" in data:
        if len(data) > 1:
            raise Invalid(f"'{path}' has either choices or low and high, not both.", field=path)
        return Range(choices=_choices(data["choices"], path))
    low, high = (_number(data.get(name), f"{path}.{name}") for name in ("low", "high"))
    said = _flag(data, "whole", path, isinstance(low, int) and isinstance(high, int))
    whole = said if whole is None else whole
    found = Range(low, high, _flag(data, "log", path, False), whole, _step(data, path))
    _check(found, path)
    return found


def levels(found: Range) -> tuple[Any, ...]:
    """The values that a grid tries: all choices, every step, every whole number of a few, else five evenly."""
    if found.choices:
        return found.choices
    if found.step is not None:
        n_steps = math.floor((found.high - found.low) / found.step + 1e-9)
        return tuple(_plain(found, found.low + place * found.step) for place in range(n_steps + 1))
    if found.whole and found.high - found.low < LEVELS:
        return tuple(range(int(found.low), int(found.high) + 1))
    return tuple(dict.fromkeys(_between(found, place / (LEVELS - 1)) for place in range(LEVELS)))


def n_levels(found: Range) -> int:
    """How many values a grid tries, without making them."""
    if found.step is not None and not found.choices:
        return math.floor((found.high - found.low) / found.step + 1e-9) + 1
    return len(levels(found))


def pick(found: Range, share: float) -> Any:
    """The value at this share (0 to 1, without 1) of the range."""
    if found.choices:
        return found.choices[min(len(found.choices) - 1, int(share * len(found.choices)))]
    if found.step is not None:
        return _plain(found, found.low + found.step * min(n_levels(found) - 1, int(share * n_levels(found))))
    if found.whole and not found.log:
        return min(int(found.high), int(found.low + share * (found.high - found.low + 1)))
    return _between(found, share)


def holds(found: Range, value: Any) -> bool:
    """Whether the value lies in the range; steps are not looked at."""
    if found.choices:
        return any(value == choice and type(value) is type(choice) for choice in found.choices)
    if isinstance(value, bool) or not isinstance(value, int if found.whole else int | float):
        return False
    return found.low <= value <= found.high


def _between(found: Range, share: float) -> Any:
    if found.log:
        value = math.exp(math.log(found.low) + share * (math.log(found.high) - math.log(found.low)))
    else:
        value = found.low + share * (found.high - found.low)
    return _plain(found, min(found.high, max(found.low, value)))


def _plain(found: Range, value: float) -> Any:
    return round(value) if found.whole else float(f"{value:.12g}")


def _choices(data: Any, path: str) -> tuple[Any, ...]:
    field = f"{path}.choices"
    if not isinstance(data, Sequence) or isinstance(data, str) or not 1 <= len(data) <= MOST_CHOICES:
        raise Invalid(f"'{field}' is a list of 1 to {MOST_CHOICES} values.", field=field)
    for choice in data:
        if not isinstance(choice, str | int | float | bool | None) or _is_odd(choice):
            raise Invalid(f"'{field}' holds texts, finite numbers, true, false or null.", field=field)
    if len({(type(choice), choice) for choice in data}) < len(data):
        raise Invalid(f"'{field}' names a value twice.", field=field)
    return tuple(data)


def _is_odd(choice: Any) -> bool:
    if isinstance(choice, str):
        return len(choice) > LONGEST_TEXT
    return isinstance(choice, int | float) and not math.isfinite(choice)


def _number(value: Any, path: str) -> Any:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise Invalid(f"'{path}' is a number.", field=path)
    if not math.isfinite(value) or abs(value) > 1e15:
        raise Invalid(f"'{path}' is a finite number, at most 1e15 from zero.", field=path)
    return value


def _flag(data: Mapping[str, Any], name: str, path: str, default: bool) -> bool:
    value = data.get(name, default)
    if not isinstance(value, bool):
        raise Invalid(f"'{path}.{name}' is true or false.", field=f"{path}.{name}")
    return value


def _step(data: Mapping[str, Any], path: str) -> float | None:
    if data.get("step") is None:
        return None
    step: float = _number(data["step"], f"{path}.step")
    if step <= 0:
        raise Invalid(f"'{path}.step' is above 0.", field=f"{path}.step")
    return step


def _check(found: Range, path: str) -> None:
    if found.low >= found.high:
        raise Invalid(
            f"'{path}.low' must lie below '{path}.high'; write the value itself for one value only.",
            field=f"{path}.low",
        )
    if found.log and found.low <= 0:
        raise Invalid(f"'{path}' is searched over magnitudes (log), so low is above 0.", field=f"{path}.low")
    if found.log and found.step is not None:
        raise Invalid(f"'{path}' has either log or step, not both.", field=f"{path}.step")
    ends = (found.low, found.high, found.step or 1)
    if found.whole and any(end != int(end) for end in ends):
        raise Invalid(f"'{path}' takes whole numbers, so its ends and step are whole.", field=path)
    if found.step is not None and found.step > found.high - found.low:
        raise Invalid(f"'{path}.step' is wider than the range.", field=f"{path}.step")
