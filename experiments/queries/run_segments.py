"""The parts of which the answer to a search of runs is made, each read in one order. Called by the search.

An order by a metric, param or tag is cut in segments: values (down the index of values), NaN, then runs without
it. All other orders are one segment.
"""
# ruff: noqa: S608  # only texts of this package are joined; values are parameters

from __future__ import annotations

from dataclasses import dataclass

from experiments.queries.run_places import (
    COLUMNS,
    COLUMNS_OF_TAGS,
    INDEXED_LENGTH,
    TABLES,
    among,
    is_of_run,
    joined,
    metric_column,
    placing,
    probing,
    rank,
)
from mlregistry.lib.filter_expr import And, Comparison, Expression, Not, Or, Order
from mlregistry.lib.filter_sql import Key, Sql, condition

MOST_BRANCHES = 20
START = Order("attribute", "start_time", False)
DURATION = "duration_seconds"


@dataclass(frozen=True, slots=True)
class Scope:
    """The experiments that are searched, and what best() means in them ("" where nothing says so)."""

    team_id: int
    experiment_ids: tuple[int, ...]
    direction: str = ""


@dataclass(frozen=True, slots=True)
class Walk:
    """A way down an index in the order of the first key: `rows` to be cut after some (it ends in a condition),
    `joins` behind it, `tests` of each row, `sets` the common table expressions that these name;
    the runs that match are in each of `drivers`, some of them.
    """

    rows: Sql
    joins: Sql
    tests: list[Sql]
    sets: list[Sql]
    drivers: list[Sql]


@dataclass(frozen=True, slots=True)
class Segment:
    """FROM, conditions and keys of one part; `walk` where an index has its order."""

    source: Sql
    where: list[Sql]
    keys: list[Key]
    walk: Walk | None = None


def segments(
    scope: Scope,
    stages: list[str],
    tree: Expression | None,
    orders: tuple[Order, ...],
    *,
    driver: Sql | None = None,
) -> list[Segment]:
    """One after the other they hold every run that matches, once; all of them are in `driver`, if there is one."""
    if not scope.experiment_ids:
        return []
    first = orders[0] if orders and _is_logged(orders[0]) else None
    lasting = orders[0] if orders and orders[0].entity == "attribute" and orders[0].key == DURATION else None
    rest = _rest(orders[1:] if first or lasting else orders)
    joins, keys = _joins(rest, scope.direction)
    by_start = not (first or lasting) and rest[0].key == "start_time"
    source = runs(scope, stages, branched=by_start or lasting is not None)
    matching = _matching(source, scope, tree, driver)
    if first is not None:
        return _by_logged(first, scope, tree, source, matching, joins, keys)
    if lasting is not None:
        is_short = len(scope.experiment_ids) * len(stages) <= MOST_BRANCHES
        return _by_duration(lasting, scope, tree if is_short else None, source, matching, joins, keys)
    walk = None
    if by_start and tree and len(scope.experiment_ids) * len(stages) <= MOST_BRANCHES:
        rows = (f"SELECT r.* FROM {source[0]} WHERE TRUE", source[1])
        walk = Walk(rows, (f"AS r{joins[0]}", joins[1]), *_probes(tree, scope, "r.id"))
    return [Segment(_then(matching, joins), [], keys, walk)]


def runs(scope: Scope, stages: list[str], *, branched: bool) -> Sql:
    """The runs in scope as a FROM clause; one branch per index range where the order is the index's."""
    pairs = [(experiment, stage) for experiment in scope.experiment_ids for stage in stages]
    one = "SELECT * FROM experiments_run WHERE experiment_id = %s AND lifecycle = %s"
    if len(pairs) == 1 or (branched and len(pairs) <= MOST_BRANCHES):
        values = [value for pair in pairs for value in pair]
        return f"({' UNION ALL '.join([one] * len(pairs))}) AS r", values
    every = "SELECT * FROM experiments_run WHERE experiment_id = ANY(%s::bigint[]) AND lifecycle = ANY(%s)"
    return f"({every}) AS r", [list(scope.experiment_ids), stages]


def _by_logged(
    order: Order,
    scope: Scope,
    tree: Expression | None,
    source: Sql,
    matching: Sql,
    joins: Sql,
    keys: list[Key],
) -> list[Segment]:
    table, columns, first, nan = _logged(order, scope.direction)
    values = _rows(scope, order.key, table, columns, f"NOT {nan}" if nan else "TRUE")
    joined_to = f" JOIN ({values[0]}) AS m ON m.run_id = r.id"
    walk = None
    if len(scope.experiment_ids) <= MOST_BRANCHES and order.aggregate == "last":
        rows = (f"SELECT m.* FROM ({values[0]}) AS m WHERE TRUE", values[1])
        behind = (f"AS m JOIN {source[0]} ON r.id = m.run_id", source[1])
        walk = Walk(rows, _then(behind, joins), *_probes(tree, scope, "m.run_id"))
    present = _then(_then(matching, (joined_to, values[1])), joins)
    found = [Segment(present, [], first + keys, walk)]
    if nan:
        found.append(_nans(scope, order, nan, source, tree, joins, keys))
    missing = f"NOT EXISTS (SELECT 1 FROM {table} AS m WHERE m.run_id = r.id AND m.key = %s)"
    return [*found, Segment(_then(matching, joins), [(missing, [order.key])], keys)]


def _by_duration(
    order: Order,
    scope: Scope,
    tree: Expression | None,
    source: Sql,
    matching: Sql,
    joins: Sql,
    keys: list[Key],
) -> list[Segment]:
    """Runs that have ended, down the index of their durations, then those that have not."""
    walk = None
    if tree:
        rows = (f"SELECT r.* FROM {source[0]} WHERE r.ended_at IS NOT NULL", source[1])
        walk = Walk(rows, (f"AS r{joins[0]}", joins[1]), *_probes(tree, scope, "r.id"))
    found = _then(matching, joins)
    by_duration = [Key(COLUMNS[DURATION], order.ascending), *keys]
    return [
        Segment(found, [("r.ended_at IS NOT NULL", [])], by_duration, walk),
        Segment(found, [("r.ended_at IS NULL", [])], keys),
    ]


def _logged(order: Order, direction: str) -> tuple[str, str, list[Key], str]:
    """(table, columns, keys of its rows m, what tells a NaN) of an order by what was logged."""
    if order.entity in TABLES:
        # The index holds the beginning of each value.
        keys = [Key("m.short", order.ascending), Key("m.value", order.ascending)]
        return TABLES[order.entity], f"run_id, value, LEFT(value, {INDEXED_LENGTH}) AS short", keys, ""
    column = metric_column(order.aggregate, direction)
    nan = "is_nan" if order.aggregate == "last" else f"({column} IS NULL)"
    return "experiments_latestmetric", f"run_id, {column}", [Key(f"m.{column}", order.ascending)], nan


def _nans(
    scope: Scope, order: Order, nan: str, source: Sql, tree: Expression | None, joins: Sql, keys: list[Key]
) -> Segment:
    """A NaN is stored as 0, so the index leads to it; there are few, and the filter is asked of each."""
    test = f"value = 0 AND {nan}" if order.aggregate == "last" else nan
    rows = _rows(scope, order.key, "experiments_latestmetric", "run_id", test)
    found = _then(
        (f"({rows[0]} OFFSET 0) AS m JOIN {source[0]} ON r.id = m.run_id", [*rows[1], *source[1]]), joins
    )
    return Segment(found, [condition(tree, placing(scope.experiment_ids, scope.direction))], keys)


def _rows(scope: Scope, key: str, table: str, columns: str, test: str) -> Sql:
    """The rows of a key; one branch per experiment, so that each is in the order of its index."""
    one = f"SELECT {columns} FROM {table} WHERE experiment_id = {{}} AND key = %s AND {test}"
    if len(scope.experiment_ids) > MOST_BRANCHES:
        return one.format("ANY(%s::bigint[])"), [list(scope.experiment_ids), key]
    branches = " UNION ALL ".join([one.format("%s")] * len(scope.experiment_ids))
    return branches, [value for experiment in scope.experiment_ids for value in (experiment, key)]


def _matching(source: Sql, scope: Scope, tree: Expression | None, driver: Sql | None) -> Sql:
    """The runs that match. Fenced: PostgreSQL knows neither how many there are nor where they lie in the order,
    and would sometimes walk the whole order to find the few."""
    if tree is None:
        return source
    if driver is not None:
        test, values = condition(tree, probing(scope.experiment_ids, scope.direction, "r.id"))
        few = f"({driver[0]}) AS few JOIN {source[0]} ON r.id = few.run_id"
        return f"(SELECT r.* FROM {few} WHERE {test} OFFSET 0) AS r", [*driver[1], *source[1], *values]
    test, values = condition(tree, placing(scope.experiment_ids, scope.direction))
    return f"(SELECT * FROM {source[0]} WHERE {test} OFFSET 0) AS r", [*source[1], *values]


def _probes(tree: Expression | None, scope: Scope, run: str) -> tuple[list[Sql], list[Sql], list[Sql]]:
    """(tests of a run that is met on a walk, the sets they name, the drivers): choosy ones first, one by one."""
    sets: list[Sql] = []
    drivers: list[int] = []
    place = probing(scope.experiment_ids, scope.direction, run, sets)
    parts = list(tree.parts) if isinstance(tree, And) else [tree] if tree else []
    chain: Sql = ("TRUE", [])
    for part in sorted((part for part in parts if not _needs_run(part)), key=_rank, reverse=True):
        if _rank(part) < 2:
            drivers.append(len(sets))
        test, values = condition(part, place)
        chain = (f"CASE WHEN {test} THEN {chain[0]} ELSE FALSE END", [*values, *chain[1]])
    for number in drivers:
        chain = (f"CASE WHEN {among(f'few{number}', run, 'TRUE')} THEN {chain[0]} ELSE FALSE END", chain[1])
    tests = [chain, *(condition(part, place) for part in parts if _needs_run(part))]
    return tests, sets, [sets[number] for number in drivers]


def _comparisons(tree: Expression) -> list[Comparison]:
    if isinstance(tree, Not):
        return _comparisons(tree.part)
    if isinstance(tree, And | Or):
        return [one for part in tree.parts for one in _comparisons(part)]
    return [tree]


def _needs_run(tree: Expression) -> bool:
    return any(is_of_run(one) for one in _comparisons(tree))


def _rank(tree: Expression) -> int:
    return rank(tree) if isinstance(tree, Comparison) else 3


def _is_logged(order: Order) -> bool:
    if order.entity == "tag":
        return order.key not in COLUMNS_OF_TAGS
    return order.entity in ("metric", "param")


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
