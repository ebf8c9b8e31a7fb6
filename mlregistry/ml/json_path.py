"""A small own subset of JSON paths: names and whole numbers with dots between them, such as `data.items.0.rows`.

Called by json_lines and the sources of data; a `$.` before the path is allowed.
"""

from __future__ import annotations

from typing import Any

from mlregistry.errors import Invalid

MOST_STEPS = 20


def steps(path: str, *, field: str = "records") -> list[str]:
    """The names on the way; none for the whole document."""
    plain = path.strip().removeprefix("$").strip(".")
    parts = plain.replace("[", ".").replace("]", "").split(".") if plain else []
    if len(parts) > MOST_STEPS or not all(part.strip("'\"") for part in parts):
        raise Invalid(
            f"'{path[:100]}' is no path; write names with dots between them, such as data.items.", field=field
        )
    return [part.strip("'\"") for part in parts]


def follow(document: Any, path: str, *, field: str = "records") -> Any:
    """What lies at the path; Invalid names the step that leads nowhere."""
    value = document
    for step in steps(path, field=field):
        if isinstance(value, dict) and step in value:
            value = value[step]
        elif isinstance(value, list) and step.isdecimal() and int(step[:9]) < len(value):
            value = value[int(step)]
        else:
            known = f"; there are {', '.join(map(repr, list(value)[:10]))}" if isinstance(value, dict) else ""
            raise Invalid(
                f"The answer has nothing at '{step}' of the path '{path[:100]}'{known}.", field=field
            )
    return value


def records(document: Any, path: str) -> list[dict[str, Any]]:
    """The list of objects at the path; a single object counts as a list of one, plain values as a column `value`."""
    found = follow(document, path)
    rows = found if isinstance(found, list) else [found]
    return [row if isinstance(row, dict) else {"value": row} for row in rows]
