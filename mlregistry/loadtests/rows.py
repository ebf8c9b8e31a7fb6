"""Rows to ask with when there is no log to replay: the example's, varied by the signature. The worker calls it."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from typing import Any

from mlregistry.ml.signature import RANKING

NUDGE = 0.1  # numbers move by up to a tenth of themselves
NULL_SHARE = 0.05  # of the values that may be missing


def generated(
    signature: Mapping[str, Any], example: Sequence[Mapping[str, Any]], *, n: int, seed: int
) -> list[dict[str, Any]]:
    """n rows that suit the signature. A recommendation's rows stay as they are: its users must be known ones."""
    bases = [dict(row) for row in example] or [{}]
    if (signature.get("output") or {}).get("type") == RANKING:
        return [bases[place % len(bases)] for place in range(n)]
    chance = random.Random(seed)  # noqa: S311 - varied, not secret
    fields = signature["inputs"]
    return [
        {
            field["name"]: _value(field, bases[place % len(bases)].get(field["name"]), chance)
            for field in fields
        }
        for place in range(n)
    ]


def _value(field: Mapping[str, Any], base: Any, chance: random.Random) -> Any:
    if not field.get("required", True) and chance.random() < NULL_SHARE:
        return None
    kind = field["type"]
    if kind == "boolean":
        return chance.random() < 0.5
    if kind in ("integer", "float"):
        return _number(kind, base, chance)
    if field.get("categories"):
        return chance.choice(field["categories"])
    if base is not None:
        return base
    return "2024-01-31T12:00:00" if kind == "datetime" else "text"


def _number(kind: str, base: Any, chance: random.Random) -> float | int:
    known = base if isinstance(base, int | float) and not isinstance(base, bool) else 1.0
    moved = known * (1 + chance.uniform(-NUDGE, NUDGE))
    return round(moved) if kind == "integer" else moved
