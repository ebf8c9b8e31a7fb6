"""Filters and orders of lib.filter_expr as SQL text with parameters. Called by the queries of the apps.

A noun's query says by a function where each attribute, param, metric or tag lies; values are always parameters.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from mlregistry.lib.filter_expr import And, Comparison, Expression, Not, Or

Sql = tuple[str, list[Any]]
OPERATORS = {
    "=": "=", "!=": "<>", ">": ">", ">=": ">=", "<": "<", "<=": "<=",
    "LIKE": "LIKE", "NOT LIKE": "NOT LIKE", "ILIKE": "ILIKE", "NOT ILIKE": "NOT ILIKE",
    "RLIKE": "~", "NOT RLIKE": "!~",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Place:
    """Where a compared value lies: `column` is SQL; `within` wraps the condition, as EXISTS (… AND {}) does.

    With a wrap, IS NULL means that nothing is found, whatever the value.
    """

    column: str
    parameters: tuple[Any, ...] = ()
    within: str = "{}"


@dataclass(frozen=True, slots=True)
class Key:
    """One key of an order: SQL that is never null, its parameters and direction."""

    sql: str
    ascending: bool
    parameters: tuple[Any, ...] = ()


def condition(expression: Expression | None, place: Callable[[Comparison], Place | Sql]) -> Sql:
    """SQL that is true for the rows that match; TRUE without a filter. `place` may give a whole condition itself."""
    if expression is None:
        return "TRUE", []
    if isinstance(expression, Not):
        sql, values = condition(expression.part, place)
        return f"(NOT COALESCE({sql}, FALSE))", values
    if isinstance(expression, And | Or):
        word = " AND " if isinstance(expression, And) else " OR "
        parts = [condition(part, place) for part in expression.parts]
        return f"({word.join(sql for sql, _ in parts)})", [value for _, values in parts for value in values]
    found = place(expression)
    return compared(expression, found) if isinstance(found, Place) else found


def compared(comparison: Comparison, place: Place) -> Sql:
    """One comparison at its place."""
    operator, value = comparison.operator, comparison.value
    if operator in ("IS NULL", "IS NOT NULL"):
        if place.within == "{}":
            return f"({place.column} {operator})", list(place.parameters)
        found = place.within.format("TRUE")
        return (f"(NOT {found})" if operator == "IS NULL" else found), list(place.parameters)
    if operator in ("IN", "NOT IN"):
        test = "= ANY(%s)" if operator == "IN" else "<> ALL(%s)"
        return place.within.format(f"{place.column} {test}"), [*place.parameters, list(value)]  # type: ignore[arg-type]  # IN comes with a list
    return place.within.format(f"{place.column} {OPERATORS[operator]} %s"), [*place.parameters, value]


def patterned(expression: Expression | None) -> bool:
    """Whether a regular expression is in the filter: one can be as slow as its author likes."""
    if isinstance(expression, Not):
        return patterned(expression.part)
    if isinstance(expression, And | Or):
        return any(patterned(part) for part in expression.parts)
    return expression is not None and "RLIKE" in expression.operator


def after(keys: Sequence[Key], values: Sequence[Any]) -> Sql:
    """SQL that is true for the rows behind the one with these values of the keys.

    The bound of the first key alone follows from the rest, but an index can begin there.
    """
    options: list[str] = []
    parameters: list[Any] = []
    for n, key in enumerate(keys):
        before = [f"{earlier.sql} = %s" for earlier in keys[:n]]
        options.append(" AND ".join([*before, f"{key.sql} {'>' if key.ascending else '<'} %s"]))
        for earlier, value in zip(keys[:n], values):
            parameters += [*earlier.parameters, value]
        parameters += [*key.parameters, values[n]]
    first = keys[0]
    bound = f"{first.sql} {'>=' if first.ascending else '<='} %s"
    listed = " OR ".join(f"({option})" for option in options)
    return f"({bound} AND ({listed}))", [*first.parameters, values[0], *parameters]


def ordered(keys: Sequence[Key]) -> Sql:
    """The list behind ORDER BY."""
    sql = ", ".join(f"{key.sql} {'ASC' if key.ascending else 'DESC'}" for key in keys)
    return sql, [value for key in keys for value in key.parameters]
