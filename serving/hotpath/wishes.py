"""What a request may ask of a recommendation in its params: n, exclude, exclude_seen, items. `wire` checks them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from mlregistry.errors import Invalid
from serving.hotpath import strict_json

MOST_RECOMMENDED = 100
MOST_LISTED = 1_000
LONGEST_KEY = 200


def check(params: Mapping[str, Any]) -> None:
    """Invalid names the parameter that is not what it should be."""
    for name, is_right in CHECKS.items():
        if name in params and not is_right(params[name]):
            raise Invalid(f"“params.{name}” must be {WANTED[name]}.", field=f"params.{name}")


def of(params: Mapping[str, Any]) -> dict[str, Any]:
    """The wish in checked params, as the model takes it; empty when none was sent."""
    found = {name: params[name] for name in CHECKS if name in params}
    return {name: tuple(value) if isinstance(value, list) else value for name, value in found.items()}


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= MOST_RECOMMENDED


def _is_list(value: Any) -> bool:
    return isinstance(value, list) and len(value) <= MOST_LISTED and all(map(_is_key, value))


def _is_key(value: Any) -> bool:
    if isinstance(value, str):
        return len(value) <= LONGEST_KEY
    whole = isinstance(value, int) and not isinstance(value, bool)
    return whole and strict_json.MIN_INTEGER <= value <= strict_json.MAX_INTEGER


LIST = f"a list of at most {MOST_LISTED} items, each a text or a whole number"
CHECKS: dict[str, Callable[[Any], bool]] = {
    "n": _is_count,
    "exclude": _is_list,
    "exclude_seen": lambda value: isinstance(value, bool),
    "items": _is_list,
}
WANTED = {
    "n": f"a whole number from 1 to {MOST_RECOMMENDED}",
    "exclude": LIST,
    "exclude_seen": "true or false",
    "items": LIST,
}
