"""What an improvement study may spend, as JSON: folds, repetitions, minutes, proposals. Loads no scikit-learn.

`parse` is the only way in from outside; the action stores it, the job hands it to the study.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

from mlregistry.errors import Invalid
from mlregistry.ml.improving.proposing import MOST

LIMITS: dict[str, tuple[float, float]] = {
    "folds": (3, 10), "repeats": (1, 10), "minutes": (0.5, 240), "most_proposals": (1, MOST), "held_out": (0.1, 0.4),
}  # fmt: skip


@dataclass(frozen=True)
class Plan:
    """`held_out` is the share of the training rows on which the best is checked in the end, and nothing else is.

    `only` names the proposals to try by their keys; all of them when it is empty.
    """

    folds: int = 5
    repeats: int = 2
    minutes: float = 10.0
    most_proposals: int = MOST
    held_out: float = 0.2
    only: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        return {**asdict(self), "only": list(self.only)}


def parse(data: Mapping[str, Any]) -> Plan:
    """The plan over the defaults, or Invalid that names the field."""
    known = {item.name for item in fields(Plan)}
    unknown = sorted(str(key) for key in set(data) - known)
    if unknown:
        shown = unknown[0][:100]
        raise Invalid(f"A plan has no field '{shown}'; known: {', '.join(sorted(known))}.", field=shown)
    return Plan(
        folds=int(_number(data, "folds", whole=True)),
        repeats=int(_number(data, "repeats", whole=True)),
        minutes=_number(data, "minutes"),
        most_proposals=int(_number(data, "most_proposals", whole=True)),
        held_out=_number(data, "held_out"),
        only=_keys(data.get("only")),
    )


def _number(data: Mapping[str, Any], name: str, *, whole: bool = False) -> float:
    value, (low, high) = data.get(name), LIMITS[name]
    if value is None:
        return float(getattr(Plan, name))
    if isinstance(value, bool) or not isinstance(value, int if whole else int | float):
        raise Invalid(f"'{name}' is a {'whole ' if whole else ''}number.", field=name)
    if not low <= value <= high:
        raise Invalid(f"'{name}' lies between {low:g} and {high:g}.", field=name)
    return float(value)


def _keys(value: Any) -> tuple[str, ...]:
    if value is None:
        return ()
    if not isinstance(value, list | tuple) or not all(isinstance(key, str) for key in value):
        raise Invalid("'only' is a list of keys of proposals.", field="only")
    if len(value) > 10 * MOST:
        raise Invalid(f"'only' names at most {10 * MOST} proposals.", field="only")
    return tuple(dict.fromkeys(value))
