"""JSON as the prediction path accepts it: no NaN, no doubled names, bounded depth. `wire` calls it."""

from __future__ import annotations

import json
from typing import Any

import msgspec

from mlregistry.errors import Invalid

MAX_DEPTH = 32
MIN_INTEGER, MAX_INTEGER = -(2**63), 2**63 - 1


def decode(body: bytes) -> Any:
    """The value of a JSON text. Raises Invalid for anything that is not strict JSON; never echoes it."""
    try:
        value = msgspec.json.decode(body)
    except msgspec.ValidationError:
        raise Invalid("The body holds a number that is out of range.", field="body") from None
    except UnicodeDecodeError:
        raise Invalid("The body is not valid UTF-8.", field="body") from None
    except RecursionError:
        raise _too_deep() from None
    except msgspec.DecodeError as error:
        raise Invalid(
            f"The body is not valid JSON{_where(error)}.", field="body", details=_hints(body)
        ) from None
    _check_names(body, value)
    return value


def _where(error: Exception) -> str:
    """Position and reason, which msgspec words without quoting the payload."""
    text = str(error).removeprefix("JSON is malformed: ")
    return f": {text}" if text else ""


def _too_deep() -> Invalid:
    return Invalid(f"The body is nested deeper than {MAX_DEPTH} levels.", field="body")


def _hints(body: bytes) -> list[str]:
    found = [word for word in ("NaN", "Infinity") if word.encode() in body]
    return [f"{word} is not JSON: send null for a missing number." for word in found]


def _check_names(body: bytes, value: Any) -> None:
    """Refuses an object that names a field twice.

    Each name stands before a colon, so a text with no more colons than names has no doubled one; only other
    texts (a colon inside a string, or a doubled name) are read a second time.
    """
    if body.count(b":") > _n_names(value):
        json.loads(body, object_pairs_hook=_once)


def _n_names(value: Any, *, depth: int = 1) -> int:
    """Names in all objects of a value; refuses a value that is nested too deep."""
    if not isinstance(value, dict | list):
        return 0
    if depth > MAX_DEPTH:
        raise _too_deep()
    n_own, items = (len(value), value.values()) if isinstance(value, dict) else (0, value)
    return n_own + sum(_n_names(item, depth=depth + 1) for item in items if isinstance(item, dict | list))


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        doubled = next(name for name in names if names.count(name) > 1)
        raise Invalid(f"The name “{doubled}” stands twice in one object.", field=doubled)
    return found


def check_cell(value: Any, *, row: int, column: str) -> None:
    """One cell must be a scalar that a column can hold. Rows count from 1 as people do."""
    if isinstance(value, dict | list):
        raise Invalid(f"Row {row}, column “{column}”: one plain value is expected.", field=column)
    if isinstance(value, int) and not MIN_INTEGER <= value <= MAX_INTEGER:
        raise Invalid(f"Row {row}, column “{column}”: the integer does not fit into 64 bits.", field=column)
    if isinstance(value, str) and "\x00" in value:
        raise Invalid(f"Row {row}, column “{column}”: the text holds a NUL character.", field=column)
