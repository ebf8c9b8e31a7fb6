"""How a message becomes rows with a key, a time and values. Called by the kind `mqtt` and by its refreshes."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from mlregistry.errors import Invalid
from mlregistry.lib.strict_json import strict_json
from mlregistry.ml import json_path

TOPIC = "$topic"
MOST_ROWS = 10_000
MILLISECONDS_FROM = 1e11
"""Larger numbers are milliseconds since 1970, smaller ones seconds: as seconds they would lie after the year 5138."""


@dataclass(frozen=True)
class Message:
    """What came of a topic; `payload` is None when it was too large to keep."""

    topic: str
    payload: bytes | None
    number: int
    qos: int
    came_at: datetime


def check(config: Mapping[str, str]) -> None:
    """Invalid for a path that cannot be followed."""
    for path in _paths(config.get("key", "")):
        if path != TOPIC:
            json_path.steps(path, field="key")
    for name in ("records", "event_at", "values"):
        json_path.steps(config.get(name, ""), field=name)


def rows_of(message: Message, config: Mapping[str, str]) -> list[dict[str, Any]]:
    """One row for each object at the path, as `streams.append` takes them; Invalid says what is wrong."""
    if message.payload is None:
        raise Invalid("The message is too large.")
    records = json_path.records(strict_json(message.payload), config.get("records", ""))
    if not records or len(records) > MOST_ROWS:
        raise Invalid(f"The message holds {len(records):,} rows; between 1 and {MOST_ROWS:,} are allowed.")
    return [_row(record, message, config) for record in records]


def _row(record: Mapping[str, Any], message: Message, config: Mapping[str, str]) -> dict[str, Any]:
    event_at = _moment(record, message, config.get("event_at", ""))
    values = json_path.follow(record, config.get("values", ""), field="values")
    if not isinstance(values, dict):
        raise Invalid("The values are no JSON object.", field="values")
    own = {path for path in (config.get("key", ""), config.get("event_at", "")) if path}
    found = {name: value for name, value in values.items() if config.get("values") or name not in own}
    if config.get("topic_column"):
        found[config["topic_column"]] = message.topic
    return {"key": _key(record, message, event_at, config), "event_at": event_at, "values": found}


def _key(record: Mapping[str, Any], message: Message, event_at: str, config: Mapping[str, str]) -> str:
    """What lies at the paths; without one a digest, the same for a message that is sent again with its time."""
    paths = _paths(config.get("key", ""))
    if not paths:
        whole = json.dumps([message.topic, event_at, record], sort_keys=True)
        return hashlib.sha256(whole.encode()).hexdigest()[:40]
    parts = [
        message.topic if path == TOPIC else json_path.follow(record, path, field="key") for path in paths
    ]
    for part in parts:
        if isinstance(part, bool) or not isinstance(part, str | int | float) or part == "":
            raise Invalid("The key is neither text nor a number.", field="key")
    return "/".join(str(part) for part in parts)


def _moment(record: Mapping[str, Any], message: Message, path: str) -> str:
    """Text as it is, to be checked with the row; numbers are seconds or milliseconds since 1970."""
    if not path:
        return message.came_at.isoformat()
    value = json_path.follow(record, path, field="event_at")
    if isinstance(value, int | float) and not isinstance(value, bool):
        seconds = value / 1000 if abs(value) >= MILLISECONDS_FROM else value
        try:
            return datetime.fromtimestamp(seconds, UTC).isoformat()
        except (ValueError, OverflowError, OSError) as error:
            raise Invalid("The event time is no moment.", field="event_at") from error
    return str(value)


def _paths(text: str) -> list[str]:
    return [path.strip() for path in text.split(",") if path.strip()]
