"""What of a request may be written down: columns dropped, hashed by a key of the team, or cut short.

`recording` applies it before anything is written, so no file and no table ever holds the whole value.
"""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import blake2b
from typing import Any

import msgspec

from mlregistry.errors import Invalid

HOWS = ("drop", "hash", "truncate")
UNIT = "unit_id"
KEPT = 3  # characters that `truncate` leaves unless told
MOST_KEPT = 100
MOST_RULES = 500
Rules = Mapping[str, str]


def checked(rules: Mapping[str, Any]) -> dict[str, str]:
    """Rules by column, such as {"email": "hash", "city": "truncate:4"}; Invalid names the column at fault.

    “unit_id” stands for the unit: it can be dropped or hashed.
    """
    if len(rules) > MOST_RULES:
        raise Invalid(f"At most {MOST_RULES} columns can be redacted.", field="redact")
    return {str(column): _rule(str(column), rule) for column, rule in rules.items()}


def _rule(column: str, rule: Any) -> str:
    how, _, kept = str(rule).partition(":")
    if how not in HOWS or (kept and how != "truncate"):
        raise Invalid(f"“{column}” can be redacted by drop, hash, truncate or truncate:<n>.", field="redact")
    if column == UNIT and how == "truncate":
        raise Invalid(
            "“unit_id” can be dropped or hashed; cut short it would join different units.", field="redact"
        )
    if how != "truncate":
        return how
    if kept and not (kept.isascii() and kept.isdigit() and int(kept) <= MOST_KEPT):
        raise Invalid(f"“{column}”: truncate keeps 0 to {MOST_KEPT} characters.", field="redact")
    return f"truncate:{int(kept) if kept else KEPT}"


def rows(given: list[dict[str, Any]], rules: Rules, key: str) -> list[dict[str, Any]]:
    """The rows as they may be kept; what is missing stays missing."""
    if not rules:
        return given
    return [
        {
            name: value if name not in rules or value is None else _value(value, rules[name], key)
            for name, value in row.items()
            if rules.get(name) != "drop"
        }
        for row in given
    ]


def unit(unit_id: str | None, rules: Rules, key: str) -> str | None:
    """The unit as it is kept, and as feedback finds it again."""
    how = rules.get(UNIT)
    if unit_id is None or how is None:
        return unit_id
    return None if how == "drop" else digest(unit_id, key)


def digest(value: Any, key: str) -> str:
    """The same for equal values of one team; not to be turned round or compared with another team's."""
    text = msgspec.json.encode(value)
    return "hash:" + blake2b(text, key=bytes.fromhex(key), digest_size=16).hexdigest()


def _value(value: Any, rule: str, key: str) -> Any:
    how, _, kept = rule.partition(":")
    return digest(value, key) if how == "hash" else str(value)[: int(kept)]
