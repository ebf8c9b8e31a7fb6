"""The fields of a request: a table per route, checked as MLflow's server checks them. Called by wire."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from mlregistry.errors import Invalid

LEAST, MOST = -(2**63), 2**63 - 1
WHOLE = re.compile(r"[+-]?\d{1,19}")
SEE = "See the API docs for more information about request parameters."
SPECIAL = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}
UNSENT = object()


@dataclass(frozen=True, slots=True)
class Field:
    """One field: its name, how its value is read, and what it is when it is not sent."""

    name: str
    read: Callable[[Any, str], Any]
    required: bool = False
    default: Any = None
    camel: str = ""
    other: str = ""
    many: bool = False

    def __post_init__(self) -> None:
        head, *rest = self.name.split("_")
        object.__setattr__(self, "camel", head + "".join(part.title() for part in rest))


def text(name: str, *, required: bool = False, default: str | None = "", other: str = "") -> Field:
    """A string; `other` is a second name that older clients use."""
    return Field(name, _text, required, default, other=other)


def integer(
    name: str,
    *,
    required: bool = False,
    default: int | None = None,
    least: int = LEAST,
    most: int = MOST,
) -> Field:
    """A whole number of 64 bits, as a number or as digits."""

    def within(value: Any, field: str) -> int:
        number = whole(value, field)
        if not least <= number <= most:
            raise Invalid(
                f"Invalid value {number} for parameter '{field}' supplied: it must be at least {least}"
                f" and at most {most}.",
                field=field,
            )
        return number

    return Field(name, within, required, default)


def boolean(name: str, *, default: bool | None = None) -> Field:
    """true or false, as JSON or as a word in the query."""
    return Field(name, _boolean, False, default)


def texts(name: str, *, required: bool = False) -> Field:
    """A list of strings; in a query the parameter is repeated."""
    return Field(name, _texts, required, None, many=True)


def objects(name: str, *, required: bool = False) -> Field:
    """A list of JSON objects, which the route checks itself."""
    return Field(name, _objects, required, None, many=True)


def anything(name: str) -> Field:
    """An object that the route checks itself."""
    return Field(name, _object, False, None)


def read(fields: tuple[Field, ...], sent: Mapping[str, Any], *, path: str = "") -> dict[str, Any]:
    """The checked values of all fields by name; Invalid names the field at fault, with `path` before it."""
    return {field.name: _one(field, sent, path) for field in fields}


def whole(value: Any, field: str) -> int:
    """A whole number of 64 bits; digits in a string count."""
    if type(value) is str and WHOLE.fullmatch(value):
        value = int(value)
    if type(value) is float and value.is_integer():
        value = int(value)
    if type(value) is not int or not LEAST <= value <= MOST:
        raise wrong(value, field)
    return value


def number(value: Any, field: str) -> float:
    """A float; "NaN", "Infinity" and "-Infinity" are written as words."""
    if type(value) is float:
        return value
    if type(value) is int:
        return float(value) if abs(value) < 2**1023 else math.copysign(math.inf, value)
    if type(value) is str:
        if value in SPECIAL:
            return SPECIAL[value]
        try:
            return float(value)
        except ValueError:
            raise wrong(value, field) from None
    raise wrong(value, field)


def needed(value: Any, field: str) -> Any:
    """The value, or Invalid when it is missing or empty."""
    if value is None or value == "":
        raise Invalid(f"Missing value for required parameter '{field}'. {SEE}", field=field)
    return value


def wrong(value: Any, field: str) -> Invalid:
    """The error for a value of a wrong kind, quoted as JSON; long values are cut."""
    shown = json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=str)
    return Invalid(f"Invalid value {shown[:250]} for parameter '{field}' supplied. {SEE}", field=field)


def _one(field: Field, sent: Mapping[str, Any], path: str) -> Any:
    value = sent.get(field.name, UNSENT)
    if field.camel != field.name and field.camel in sent:
        if value is not UNSENT:
            raise Invalid(
                f"The request names both '{field.name}' and '{field.camel}'; send only one of them.",
                field=field.name,
            )
        value = sent[field.camel]
    if value is UNSENT and field.other:
        value = sent.get(field.other, UNSENT)
    if value is UNSENT or value is None:
        if field.required:
            needed(None, path + field.name)
        return field.default
    if field.required:
        needed(value, path + field.name)
    return field.read(value, path + field.name)


def _text(value: Any, field: str) -> str:
    if type(value) is not str:
        raise wrong(value, field)
    # PostgreSQL stores neither of the two, and no client means them.
    if "\x00" in value or (not value.isascii() and any("\ud800" <= sign <= "\udfff" for sign in value)):
        raise Invalid(
            f"Invalid value for parameter '{field}': it holds NUL or a lone surrogate.", field=field
        )
    return value


def _boolean(value: Any, field: str) -> bool:
    if type(value) is bool:
        return value
    if type(value) is str and value.lower() in ("true", "false"):
        return value.lower() == "true"
    raise Invalid(f"Invalid boolean value: {str(value)[:100]}, must be 'true' or 'false'.", field=field)


def _texts(value: Any, field: str) -> list[str]:
    if type(value) is not list:
        raise wrong(value, field)
    return [_text(item, field) for item in value]


def _objects(value: Any, field: str) -> list[dict[str, Any]]:
    if type(value) is not list or not all(type(item) is dict for item in value):
        raise wrong(value, field)
    return value


def _object(value: Any, field: str) -> dict[str, Any]:
    if type(value) is not dict:
        raise wrong(value, field)
    return value
