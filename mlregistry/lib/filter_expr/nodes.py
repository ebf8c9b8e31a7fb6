"""The tree that a filter becomes, and one term of an order. The searches walk it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

AGGREGATES = ("last", "min", "max", "best")


@dataclass(frozen=True, slots=True)
class Comparison:
    """One thing compared with one value: `metrics.loss < 0.1`."""

    entity: str  # "attribute" "metric" "param" "tag" "dataset"
    key: str  # an attribute's canonical name, or the key as the user wrote it, without its quotes
    operator: str
    value: str | float | int | tuple[str, ...] | None
    aggregate: str = "last"  # of a metric


@dataclass(frozen=True, slots=True)
class And:
    """Everything of this is true."""

    parts: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class Or:
    """At least one of these is true."""

    parts: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class Not:
    """This is not true."""

    part: Expression


Expression: TypeAlias = Comparison | And | Or | Not


@dataclass(frozen=True, slots=True)
class Order:
    """One term of an order: `metrics.loss DESC`."""

    entity: str
    key: str
    ascending: bool
    aggregate: str = "last"
