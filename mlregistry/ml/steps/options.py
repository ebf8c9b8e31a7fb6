"""What one option of a step may be: its check, its JSON Schema, and what a form shows. The catalogue lists them."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from mlregistry.errors import Invalid
from mlregistry.lib import formulas

LONGEST_NAME = 200
LONGEST_TEXT = 1000
MOST_NAMES = 2_000
MOST_ITEMS = 200
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
SELECTORS = ("all", "numeric", "boolean", "categorical", "text", "datetime")


@dataclass(frozen=True)
class Option:
    """`type` is one of CHECKS; `default` None without `nullable` means that it must be given.

    A form shows it for `methods` only, or always.
    """

    name: str
    type: str
    title: str
    default: Any = None
    choices: tuple[str, ...] = ()
    low: float = -math.inf
    high: float = math.inf
    nullable: bool = False
    help: str = ""
    methods: tuple[str, ...] = ()


def check(option: Option, value: Any, path: str) -> Any:
    """The value in its stored form; Invalid names the path."""
    if value is None:
        if option.nullable:
            return None
        raise Invalid(f"'{path}' is needed: {option.title[:1].lower() + option.title[1:]}.", field=path)
    return CHECKS[option.type](option, value, path)


def schema(option: Option) -> dict[str, Any]:
    """The option as JSON Schema (draft 2020-12)."""
    found = SCHEMAS[option.type](option)
    found |= {"title": option.title} | ({"description": option.help} if option.help else {})
    if option.nullable and isinstance(found.get("type"), str):
        found["type"] = [found["type"], "null"]
    if option.default is not None:
        found["default"] = list(option.default) if isinstance(option.default, tuple) else option.default
    return found


def check_columns(value: Any, path: str) -> list[str] | dict[str, Any]:
    """Names, or {"type": …, "except": […]}; a bare type is written as that."""
    if isinstance(value, str):
        value = {"type": value}
    if isinstance(value, list | tuple):
        return _names(value, path)
    if not isinstance(value, dict):
        raise Invalid(f"'{path}' is a list of names, a type such as \"numeric\", or an object.", field=path)
    for key in value:
        if key not in ("type", "except"):
            raise Invalid(
                f"'{path}' knows type and except, not '{str(key)[:60]}'.", field=f"{path}.{str(key)[:60]}"
            )
    wanted = value.get("type", "all")
    several = wanted if isinstance(wanted, list | tuple) else [wanted]
    for word in several:
        if word not in SELECTORS:
            raise Invalid(f"'{path}.type' is one of: {', '.join(SELECTORS)}.", field=f"{path}.type")
    if not several or (len(several) > 1 and "all" in several):
        raise Invalid(f"'{path}.type' names one type or several, or all.", field=f"{path}.type")
    found: dict[str, Any] = {"type": several[0] if len(several) == 1 else list(several)}
    if value.get("except"):
        found["except"] = _names(value["except"], f"{path}.except")
    return found


def columns_schema() -> dict[str, Any]:
    """Both ways to say which columns."""
    names = {
        "type": "array",
        "maxItems": MOST_NAMES,
        "items": {"type": "string", "minLength": 1, "maxLength": LONGEST_NAME},
    }
    type = {"enum": list(SELECTORS)}
    several = {"type": "array", "items": type, "minItems": 1}
    choice = {
        "type": "object",
        "properties": {"type": {"anyOf": [type, several]}, "except": names},
        "additionalProperties": False,
    }
    return {"anyOf": [names, type, choice]}


def _names(value: Any, path: str) -> list[str]:
    if not isinstance(value, list | tuple) or len(value) > MOST_NAMES:
        raise Invalid(f"'{path}' is a list of at most {MOST_NAMES:,} names.", field=path)
    for place, name in enumerate(value):
        _name(None, name, f"{path}.{place}")
    if len(set(value)) != len(value):
        double = next(name for name in value if value.count(name) > 1)
        raise Invalid(f"'{path}' names '{double}' twice.", field=path)
    return list(value)


def _name(option: Option | None, value: Any, path: str) -> str:
    if not isinstance(value, str) or not 0 < len(value) <= LONGEST_NAME:
        raise Invalid(f"'{path}' is a name of 1 to {LONGEST_NAME} characters.", field=path)
    return _storable(value, path)


def _storable(value: str, path: str) -> str:
    if _UNSTORABLE.search(value):
        raise Invalid(f"'{path}' holds NUL or half of a character.", field=path)
    return value


def _some_names(option: Option, value: Any, path: str) -> list[str]:
    names = _names(value, path)
    if len(names) < option.low:
        raise Invalid(f"'{path}' names at least {option.low:g}.", field=path)
    return names


def _text(option: Option, value: Any, path: str) -> str:
    if not isinstance(value, str) or len(value) > LONGEST_TEXT:
        raise Invalid(f"'{path}' is text of at most {LONGEST_TEXT:,} characters.", field=path)
    return _storable(value, path)


def _choice(option: Option, value: Any, path: str) -> str:
    if not isinstance(value, str) or value not in option.choices:
        raise Invalid(f"'{path}' is one of: {', '.join(option.choices)}.", field=path)
    return value


def _choices(option: Option, value: Any, path: str) -> list[str]:
    if not isinstance(value, list | tuple) or not 0 < len(value) <= len(option.choices):
        raise Invalid(f"'{path}' is a list out of: {', '.join(option.choices)}.", field=path)
    found = [_choice(option, word, f"{path}.{place}") for place, word in enumerate(value)]
    return list(dict.fromkeys(found))


def _switch(option: Option, value: Any, path: str) -> bool:
    if not isinstance(value, bool):
        raise Invalid(f"'{path}' is true or false.", field=path)
    return value


def _number(option: Option, value: Any, path: str) -> float:
    if (
        isinstance(value, bool)
        or not isinstance(value, int | float)
        or not option.low <= value <= option.high
    ):
        raise Invalid(f"'{path}' is a number{_range(option)}.", field=path)
    return float(value)


def _whole(option: Option, value: Any, path: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not option.low <= value <= option.high:
        raise Invalid(f"'{path}' is a whole number{_range(option)}.", field=path)
    return value


def _range(option: Option) -> str:
    if math.isinf(option.low) or math.isinf(option.high):
        return ""
    return f" from {option.low:g} to {option.high:g}"


def _list_of(check_one: Callable[[Option, Any, str], Any]) -> Callable[[Option, Any, str], list[Any]]:
    def check_all(option: Option, value: Any, path: str) -> list[Any]:
        if not isinstance(value, list | tuple) or not 0 < len(value) <= MOST_ITEMS:
            raise Invalid(f"'{path}' is a list of 1 to {MOST_ITEMS} values.", field=path)
        return [check_one(option, one, f"{path}.{place}") for place, one in enumerate(value)]

    return check_all


def _edges(option: Option, value: Any, path: str) -> list[float]:
    edges = [float(edge) for edge in _list_of(_number)(option, value, path)]
    if any(not math.isfinite(edge) for edge in edges) or sorted(set(edges)) != edges:
        raise Invalid(f"'{path}' is a list of finite numbers, each larger than the one before.", field=path)
    return edges


def _value(option: Option, value: Any, path: str) -> str | float | bool:
    if isinstance(value, bool):
        return value
    if isinstance(value, int | float) and math.isfinite(value) and abs(value) < 1e300:
        return float(value)
    if isinstance(value, str):
        return _text(option, value, path)
    raise Invalid(f"'{path}' is text, a finite number, true or false.", field=path)


def _formula(option: Option, value: Any, path: str) -> str:
    if not isinstance(value, str):
        raise Invalid(f"'{path}' is a formula as text.", field=path)
    try:
        formulas.parse(value)
    except Invalid as error:
        raise Invalid(error.message, field=path) from error
    return value


CHECKS: dict[str, Callable[[Option, Any, str], Any]] = {
    "choice": _choice, "choices": _choices, "switch": _switch, "number": _number, "whole": _whole,
    "name": _name, "names": _some_names, "text": _text, "texts": _list_of(_text), "edges": _edges,
    "wholes": _list_of(_whole), "value": _value, "formula": _formula,
}  # fmt: skip


def _limits(option: Option) -> dict[str, Any]:
    limits = {"minimum": option.low, "maximum": option.high}
    return {key: limit for key, limit in limits.items() if math.isfinite(limit)}


NAME = {"type": "string", "minLength": 1, "maxLength": LONGEST_NAME}
SCHEMAS: dict[str, Callable[[Option], dict[str, Any]]] = {
    "choice": lambda option: {"type": "string", "enum": list(option.choices)},
    "choices": lambda option: {"type": "array", "minItems": 1, "items": {"enum": list(option.choices)}},
    "switch": lambda option: {"type": "boolean"},
    "number": lambda option: {"type": "number", **_limits(option)},
    "whole": lambda option: {"type": "integer", **_limits(option)},
    "name": lambda option: dict(NAME),
    "names": lambda option: {"type": "array", "items": NAME, "maxItems": MOST_NAMES},
    "text": lambda option: {"type": "string", "maxLength": LONGEST_TEXT},
    "texts": lambda option: {"type": "array", "items": {"type": "string"}, "minItems": 1, "maxItems": MOST_ITEMS},
    "edges": lambda option: {"type": "array", "items": {"type": "number"}, "minItems": 1, "maxItems": MOST_ITEMS},
    "wholes": lambda option: {
        "type": "array", "items": {"type": "integer", **_limits(option)}, "minItems": 1, "maxItems": MOST_ITEMS,
    },
    "value": lambda option: {"type": ["string", "number", "boolean", "null"]},
    "formula": lambda option: {"type": "string", "minLength": 1, "maxLength": formulas.LONGEST},
}  # fmt: skip
