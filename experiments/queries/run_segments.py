"""The parts of which the answer to a search of runs is made, each read in one order. Called by the search.

An order by a metric is walked in three segments: numbers (down the index of values), then NaN, then runs
without the metric. All other orders are one segment.
"""
# ruff: noqa: S608  # only texts of this package are joined; values are parameters

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from experiments.queries.run_places import joined, metric_column, placing
from mlregistry.lib.filter_expr import Expression, Order
from mlregistry.lib.filter_sql import Key, Sql, condition

MOST_BRANCHES = 20
START = Order("attribute", "start_time", False)


@dataclass(frozen=True, slots=True)
class Scope:
    """The experiments that are searched, and what best() means in them ("" where nothing says so)."""

    team_id: int
    experiment_ids: tuple[int, ...]
    direction: str = ""


@dataclass(frozen=True, slots=True)
class Walk:
    """A way down an index in the order of the first key: `rows` to be cut after some (it ends in a condition),
    `joins` behind it.

    `test` is the filter as probes of each row.
    """

    rows: Sql
    joins: Sql
    test: Sql


@dataclass(frozen=True, slots=True)
class Segment:
    """FROM, conditions and keys of one part; `walk` where an index has its order and there is a filter."""

    source: Sql
    where: list[Sql]
    keys: list[Key]
    walk: Walk | None = None


def segments(
    scope: Scope, stages: list[str], tree: Expression | None, orders: tuple[Order, ...]
) -> list[Segment]:
    """One after the other they hold every run that matches, once."""
    if not scope.experiment_ids:
        return []
    test = condition(tree, placing(scope.experiment_ids, scope.direction))
    probe = condition(tree, placing(scope.experiment_ids, scope.direction, probing=True))
    first = orders[0] if orders and orders[0].entity == "metric" else None
    rest = _rest(orders[1:] if first else orders)
    joins, keys = _joins(rest, scope.direction)
    by_start = first is None and rest[0].key == "start_time"
    source = runs(scope, stages, branched=by_start)
    if first is not None:
        return _by_metric(first, scope, source, joins, test, probe if tree else None, keys)
    rows = (f"SELECT r.* FROM {source[0]} WHERE TRUE", source[1])
    walk = Walk(rows, (f"AS r{joins[0]}", joins[1]), probe) if by_start and tree else None
    return [Segment(_then(source, joins), [test], keys, walk)]


def runs(scope: Scope, stages: list[str], *, branched: bool) -> Sql:
    """The runs in scope as a FROM clause; one branch per index range where the order is the index's."""
    pairs = [(experiment, stage) for experiment in scope.experiment_ids for stage in stages]
    one = "SELECT * FROM experiments_run WHERE experiment_id = %s AND lifecycle = %s"
    if len(pairs) == 1 or (branched and len(pairs) <= MOST_BRANCHES):
        values = [value for pair in pairs for value in pair]
        return f"({' UNION ALL '.join([one] * len(pairs))}) AS r", values
    every = "SELECT * FROM experiments_run WHERE experiment_id = ANY(%s::bigint[]) AND lifecycle = ANY(%s)"
    return f"({every}) AS r", [list(scope.experiment_ids), stages]


def _by_metric(
    order: Order, scope: Scope, source: Sql, joins: Sql, test: Sql, probe: Sql | None, keys: list[Key]
) -> list[Segment]:
    column = f"m.{metric_column(order.aggregate, scope.direction)}"
    last = order.aggregate == "last"
    nan = "m.is_nan" if last else f"{column} IS NULL"
    numbers = _and(_logged(scope, order.key), (f"NOT {nan}" if last else f"{column} IS NOT NULL", []))
    # A NaN is stored as 0: so the index leads to it.
    nans = _and(_logged(scope, order.key), (f"m.value = 0 AND {nan}" if last else nan, []))
    metric = _then(source, (" JOIN experiments_latestmetric AS m ON m.run_id = r.id", []))
    missing = "NOT EXISTS (SELECT 1 FROM experiments_latestmetric AS m WHERE m.run_id = r.id AND m.key = %s)"
    walk = None
    if probe and last and len(scope.experiment_ids) == 1:
        rows = _then(("SELECT m.* FROM experiments_latestmetric AS m WHERE ", []), numbers)
        joined = _then((f"AS m JOIN {source[0]} ON r.id = m.run_id", source[1]), joins)
        walk = Walk(rows, joined, probe)
    return [
        Segment(_then(metric, joins), [numbers, test], [Key(column, order.ascending), *keys], walk),
        Segment(_then(metric, joins), [nans, test], keys),
        Segment(_then(source, joins), [(missing, [order.key]), test], keys),
    ]


def _logged(scope: Scope, key: str) -> Sql:
    ids: list[Any] = list(scope.experiment_ids)
    if len(ids) == 1:
        return "m.experiment_id = %s AND m.key = %s", [*ids, key]
    return "m.experiment_id = ANY(%s::bigint[]) AND m.key = %s", [ids, key]


def _rest(orders: tuple[Order, ...]) -> tuple[Order, ...]:
    """Ties go to the newest run."""
    named = any(order.entity == "attribute" and order.key == "start_time" for order in orders)
    return orders if named else (*orders, START)


def _joins(orders: tuple[Order, ...], direction: str) -> tuple[Sql, list[Key]]:
    """The joins and keys of the orders; the run's id is the last key, and once among them."""
    found: Sql = ("", [])
    keys: list[Key] = []
    for number, order in enumerate(orders):
        join, more = joined(order, number, direction)
        found, keys = _then(found, join), keys + more
    if not any(key.sql == "r.id" for key in keys):
        keys.append(Key("r.id", True))
    return found, keys


def _then(first: Sql, second: Sql) -> Sql:
    return first[0] + second[0], [*first[1], *second[1]]


def _and(first: Sql, second: Sql) -> Sql:
    return f"{first[0]} AND {second[0]}", [*first[1], *second[1]]
