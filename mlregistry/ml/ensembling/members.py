"""The members of an ensemble as a recipe writes them, checked and made. Called by the catalogue of estimators."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from mlregistry.errors import Invalid
from mlregistry.lib.lazily import lazily

if TYPE_CHECKING:
    from mlregistry.ml.ensembling import blends
else:
    blends = lazily("mlregistry.ml.ensembling.blends")

NAME = "ensemble"
MOST_MEMBERS = 50
MOST_BIASES = 1000
LARGEST = 1e12
KEYS = {"estimator", "params", "weight"}
CheckMember = Callable[[str, Mapping[str, Any]], None]
Make = Callable[[str, Mapping[str, Any], int], Any]


def check_members(value: Any, known: CheckMember) -> None:
    """A list of {estimator, params, weight}; Invalid names the member. `known` checks estimator and params."""
    field = "params.members"
    if not isinstance(value, list) or not 1 <= len(value) <= MOST_MEMBERS:
        raise Invalid(f"An ensemble has a list of 1 to {MOST_MEMBERS} members.", field=field)
    for place, member in enumerate(value):
        where = f"{field}.{place}"
        if not isinstance(member, Mapping) or not set(member) <= KEYS:
            raise Invalid("A member is {estimator, params, weight}.", field=where)
        name, params, weight = member.get("estimator"), member.get("params") or {}, member.get("weight", 1.0)
        if not isinstance(name, str) or name == NAME or not isinstance(params, Mapping):
            raise Invalid("A member names an estimator that is no ensemble itself.", field=where)
        if not _is_number(weight):
            raise Invalid("The weight of a member is a number.", field=f"{where}.weight")
        try:
            known(name, params)
        except Invalid as error:
            raise Invalid(f"Member {place + 1}: {error.message}", field=where) from error
    if not sum(abs(member.get("weight", 1.0)) for member in value) > 0:
        raise Invalid("At least one member has a weight above 0.", field=field)


def check_bias(value: Any) -> None:
    """A list of numbers: none, one for a regression, one per class for a classification."""
    if not isinstance(value, list) or len(value) > MOST_BIASES or not all(map(_is_number, value)):
        raise Invalid("The bias of an ensemble is a list of numbers.", field="params.bias")


def classifier(
    make: Make, members: Any, combine: str, sharpness: float, bias: list[float], random_state: int
) -> Any:
    if any(member.get("weight", 1.0) < 0 for member in members):
        raise Invalid("The members of a classification have no weight below 0.", field="params.members")
    made, weights = _made(make, members, random_state)
    return blends.ClassifierBlend(made, weights, combine, bias, sharpness)


def regressor(make: Make, members: Any, bias: list[float], random_state: int) -> Any:
    made, weights = _made(make, members, random_state)
    return blends.RegressorBlend(made, weights, bias=bias)


def _made(make: Make, members: Any, seed: int) -> tuple[list[Any], list[float]]:
    made = [make(member["estimator"], member.get("params") or {}, seed) for member in members]
    weights = [float(member.get("weight", 1.0)) for member in members]
    return made, weights


def _is_number(value: Any) -> bool:
    plain = isinstance(value, int | float) and not isinstance(value, bool)
    return plain and math.isfinite(value) and abs(value) <= LARGEST
