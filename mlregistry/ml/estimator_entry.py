"""How one row of the estimator catalogue is written, and the check of params against it."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from importlib import import_module
from typing import TYPE_CHECKING, Any

from mlregistry.errors import Invalid
from mlregistry.ml.search_range import Range

if TYPE_CHECKING:
    from sklearn.base import BaseEstimator


@dataclass(frozen=True)
class Param:
    """What one parameter may be: a whole number, a number, a choice or a switch; None only where nullable.

    `search` is where a search looks for it; without, a search leaves it at its default. `check` is for a value that is
    more than one of these: it raises Invalid.
    """

    default: Any
    low: float = -math.inf
    high: float = math.inf
    choices: tuple[Any, ...] = ()
    nullable: bool = False
    whole: bool = False
    search: Range | None = None
    check: Callable[[Any], None] | None = None

    def over(self, low: float, high: float, *, log: bool = False) -> Param:
        """The same, searched between these ends."""
        return replace(self, search=Range(low, high, log=log, whole=self.whole))

    def among(self, *choices: Any) -> Param:
        """The same, searched among these values; by default all that it may be."""
        every = (*self.choices, *((None,) if self.nullable else ()))
        return replace(self, search=Range(choices=choices or every))


@dataclass(frozen=True)
class Entry:
    """One estimator; `make(params, seed)` builds it over the defaults in `params`."""

    name: str
    title: str
    make: Callable[[Mapping[str, Any], int], BaseEstimator]
    params: dict[str, Any]
    description: str
    allowed: dict[str, Param]


def check_params(entry: Entry, given: Mapping[str, Any]) -> dict[str, Any]:
    """The defaults with the given params over them; Invalid names the parameter."""
    for name, value in given.items():
        rule = entry.allowed.get(name)
        if rule is None:
            known = ", ".join(entry.allowed) or "none"
            raise Invalid(f"{entry.title} has no parameter '{name}'; known: {known}.", field=f"params.{name}")
        if rule.check is not None:
            rule.check(value)
        elif not _fits(value, rule):
            raise Invalid(f"{entry.title}: '{name}' is {_wanted(rule)}.", field=f"params.{name}")
    return {**entry.params, **given}


def _fits(value: Any, rule: Param) -> bool:
    if value is None:
        return rule.nullable
    if rule.choices:
        return any(value == choice and isinstance(value, type(choice)) for choice in rule.choices)
    if isinstance(value, bool) or not isinstance(value, int if rule.whole else int | float):
        return False
    return math.isfinite(value) and rule.low <= value <= rule.high


def _wanted(rule: Param) -> str:
    if rule.choices:
        wanted = "one of: " + ", ".join(str(choice) for choice in rule.choices)
    else:
        wanted = f"a {'whole ' if rule.whole else ''}number from {rule.low:g} to {rule.high:g}"
    return wanted + (" or null" if rule.nullable else "")


def _class(factory: str | Callable[..., Any]) -> Callable[..., Any]:
    if not isinstance(factory, str):
        return factory
    module, _, name = factory.rpartition(".")
    found: Callable[..., Any] = getattr(import_module(module), name)
    return found


def whole(default: int | None, low: int, high: int) -> Param:
    return Param(default, low, high, nullable=default is None, whole=True)


def number(default: float, low: float, high: float) -> Param:
    return Param(default, low, high)


def choice(*choices: Any, nullable: bool = False) -> Param:
    return Param(choices[0] if not nullable else None, choices=choices, nullable=nullable)


def entry(
    name: str, title: str, factory: str | Callable[..., Any], description: str, *,
    fixed: Mapping[str, Any] | None = None, seeded: bool = False,
    wrap: Callable[[Any], BaseEstimator] = lambda made: made, **allowed: Param,
) -> Entry:  # fmt: skip
    """`factory` is a function, or the full name of a class, which is imported when one is made."""

    def build(params: Mapping[str, Any], seed: int) -> BaseEstimator:
        chance = {"random_state": seed} if seeded else {}
        return wrap(_class(factory)(**dict(fixed or {}), **params, **chance))

    return Entry(
        name, title, build, {key: rule.default for key, rule in allowed.items()}, description, allowed
    )
