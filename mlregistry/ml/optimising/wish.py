"""What somebody asks of an optimisation: methods, tolerance, costs of decisions, members. Parsed for every door."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from mlregistry.errors import Invalid

TOLERANCE = 0.005
MEMBERS = (2, 10)
LARGEST_COST = 1e12
FIELDS = ("methods", "tolerance", "costs", "n_members")


@dataclass(frozen=True)
class Wish:
    """`tolerance` is how much worse the problem's metric may become on held-out rows, in its own unit.

    `costs[true][predicted]` is what one decision costs, classes in the signature's order; gains are below 0.
    """

    methods: tuple[str, ...]
    tolerance: float = TOLERANCE
    costs: tuple[tuple[float, ...], ...] = ()
    n_members: int = 5

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


def parse(data: Mapping[str, Any], *, known: Sequence[str], n_classes: int) -> Wish:
    """The wish in `data` over the defaults; Invalid names the field. Without methods, all of the `known` ones."""
    unknown = [name for name in data if name not in FIELDS]
    if unknown:
        raise Invalid(
            f"An optimisation has no field '{unknown[0]}'; known: {', '.join(FIELDS)}.", field=unknown[0]
        )
    return Wish(
        _methods(data.get("methods"), known),
        _tolerance(data.get("tolerance", TOLERANCE)),
        _costs(data.get("costs"), n_classes),
        _members(data.get("n_members", Wish.n_members)),
    )


def _methods(value: Any, known: Sequence[str]) -> tuple[str, ...]:
    if value is None:
        return tuple(known)
    if not isinstance(value, list | tuple) or not value:
        raise Invalid("Choose at least one method.", field="methods")
    for one in value:
        if one not in known:
            raise Invalid(f"'{str(one)[:60]}' is no method; known: {', '.join(known)}.", field="methods")
    return tuple(name for name in known if name in value)


def _tolerance(value: Any) -> float:
    if not _is_number(value) or not 0 <= value <= LARGEST_COST:
        raise Invalid("The tolerance is a number from 0 on, in the unit of the metric.", field="tolerance")
    return float(value)


def _members(value: Any) -> int:
    low, high = MEMBERS
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        raise Invalid(f"An ensemble is made of the best {low} to {high} models.", field="n_members")
    return value


def _costs(value: Any, n_classes: int) -> tuple[tuple[float, ...], ...]:
    if value is None or value == []:
        return ()
    if not n_classes:
        raise Invalid("Costs of decisions are for a classification.", field="costs")
    form = f"{n_classes} rows (true classes) of {n_classes} numbers (predicted ones)"
    rows = value if isinstance(value, list | tuple) else []
    if len(rows) != n_classes or any(
        not isinstance(row, list | tuple) or len(row) != n_classes for row in rows
    ):
        raise Invalid(f"The costs are {form}.", field="costs")
    for row in rows:
        if not all(_is_number(one) and abs(one) <= LARGEST_COST for one in row):
            raise Invalid(f"The costs are {form}, none beyond ±1e12.", field="costs")
    if all(len(set(row)) == 1 for row in rows):
        raise Invalid("Every decision costs the same, so there is nothing to choose.", field="costs")
    return tuple(tuple(float(one) for one in row) for row in rows)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
