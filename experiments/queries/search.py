# ruff: noqa: S608  # only names and texts of this package are joined; values are parameters
"""The search of runs: a page of ids in order, found by index where there is one, and the runs behind them.

Called by the doors. An order by a metric is walked in three segments, each only while the page is not full:
numbers (down the index of values), then NaN, then runs without the metric. A page token holds the segment.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection

from experiments.queries.run_documents import documents
from experiments.queries.run_places import joined, metric_column, placing, plain
from mlregistry.errors import Invalid
from mlregistry.lib.filter_expr import RUNS, Expression, Order, parse, parse_order
from mlregistry.lib.filter_sql import Key, Sql, after, condition, ordered, patterned
from mlregistry.searching import Page, fetched, lifecycles, opened, sealed

__all__ = ["Scope", "Wanted", "count", "documents", "page", "scope"]

MOST_RESULTS = 50_000
MOST_BRANCHES = 20
PATTERN_MILLIS = 5_000
START = Order("attribute", "start_time", False)


@dataclass(frozen=True, slots=True)
class Scope:
    """The experiments that are searched, and what best() means in them ("" where nothing says so)."""

    team_id: int
    experiment_ids: tuple[int, ...]
    direction: str = ""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which runs: `view` in MLflow's words, `filter` and `order_by` in the grammar of lib.filter_expr."""

    view: str = "ACTIVE_ONLY"
    filter: str = ""
    order_by: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Segment:
    """A part of the answer that is read in one order: FROM, conditions, keys."""

    source: Sql
    where: list[Sql]
    keys: list[Key]


def scope(team_id: int, experiment_ids: Sequence[int], *, default: bool = False) -> Scope:
    """Those of the ids that are the team's; `default` adds its default experiment. Others are no error."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT e.id, p.direction FROM experiments_experiment AS e
            LEFT JOIN experiments_problem AS p ON p.id = e.problem_id
            WHERE e.team_id = %s AND (e.id = ANY(%s::bigint[]) OR (%s AND e.is_default)) ORDER BY e.id
            """,
            [team_id, list(experiment_ids), default],
        )
        found = cursor.fetchall()
    directions = {direction for _, direction in found}
    return Scope(
        team_id, tuple(row[0] for row in found), (directions.pop() or "") if len(directions) == 1 else ""
    )


def page(where: Scope, wanted: Wanted, *, max_results: int = 1000, page_token: str = "") -> Page[uuid.UUID]:
    """The ids of one page, newest first by default; Invalid for a wrong filter, order, limit or token."""
    if not 0 < max_results <= MOST_RESULTS:
        message = f"Invalid value {max_results} for parameter 'max_results' supplied."
        raise Invalid(f"{message} It must be at least 1 and at most {MOST_RESULTS}.", field="max_results")
    tree = parse(wanted.filter, RUNS)
    orders = parse_order(list(wanted.order_by), RUNS)
    query = ["runs", where.team_id, where.experiment_ids, wanted.view, wanted.filter, wanted.order_by]
    segments = _segments(where, lifecycles(wanted.view), tree, orders)
    first, place = _place(segments, page_token, query)
    rows: list[tuple[int, tuple[Any, ...]]] = []
    for number in range(first, len(segments)):
        left = max_results + 1 - len(rows)
        found = _read(segments[number], place if number == first else None, left, timed=patterned(tree))
        rows += [(number, row) for row in found]
        if len(rows) > max_results:
            break
    token = _token(segments, rows[max_results - 1], query) if len(rows) > max_results else ""
    return Page([row[0] for _, row in rows[:max_results]], token)


def count(where: Scope, wanted: Wanted) -> int:
    """How many runs match, on all pages together."""
    tree = parse(wanted.filter, RUNS)
    source, values = _runs(where, lifecycles(wanted.view), branched=False)
    test, tested = condition(tree, placing(where.experiment_ids, where.direction))
    rows = fetched(f"{_timeout(tree)}SELECT count(*) FROM {source} WHERE {test}", [*values, *tested])
    return int(rows[0][0])


def _segments(
    where: Scope, stages: list[str], tree: Expression | None, orders: tuple[Order, ...]
) -> list[Segment]:
    if not where.experiment_ids:
        return []
    test = condition(tree, placing(where.experiment_ids, where.direction))
    by_metric = orders[0] if orders and orders[0].entity == "metric" else None
    rest = _rest(orders[1:] if by_metric else orders)
    joins, keys = _joins(rest, where.direction)
    source = _runs(where, stages, branched=rest[0].key == "start_time" and not by_metric)
    whole = (source[0] + joins[0], source[1] + joins[1])
    if by_metric is None:
        return [Segment(whole, [test], keys)]
    return _by_metric(by_metric, where, whole, test, keys)


def _by_metric(order: Order, where: Scope, source: Sql, test: Sql, keys: list[Key]) -> list[Segment]:
    column = f"m.{metric_column(order.aggregate, where.direction)}"
    nan = "m.is_nan" if order.aggregate == "last" else f"{column} IS NULL"
    joined = (f"{source[0]} JOIN experiments_latestmetric AS m ON m.run_id = r.id", source[1])
    ids = list(where.experiment_ids)
    one = ("m.experiment_id = %s", ids) if len(ids) == 1 else ("m.experiment_id = ANY(%s)", [ids])
    logged = (f"{one[0]} AND m.key = %s", [*one[1], order.key])
    # A NaN is stored as 0: so the index leads to it.
    zero: Sql = ("m.value = 0", []) if order.aggregate == "last" else ("TRUE", [])
    missing = "NOT EXISTS (SELECT 1 FROM experiments_latestmetric AS m WHERE m.run_id = r.id AND m.key = %s)"
    return [
        Segment(joined, [logged, (f"NOT {nan}", []), test], [Key(column, order.ascending), *keys]),
        Segment(joined, [logged, zero, (nan, []), test], keys),
        Segment(source, [(missing, [order.key]), test], keys),
    ]


def _rest(orders: tuple[Order, ...]) -> tuple[Order, ...]:
    """Ties go to the newest run."""
    named = any(order.entity == "attribute" and order.key == "start_time" for order in orders)
    return orders if named else (*orders, START)


def _joins(orders: tuple[Order, ...], direction: str) -> tuple[Sql, list[Key]]:
    """The joins and keys of the orders; the last key is the run's id, once."""
    texts, values, keys = [], [], []
    for number, order in enumerate(orders):
        (text, given), found = joined(order, number, direction)
        texts.append(text)
        values += given
        keys += found
    if not any(key.sql == "r.id" for key in keys):
        keys.append(Key("r.id", True))
    return ("".join(texts), values), keys


def _runs(where: Scope, stages: list[str], *, branched: bool) -> Sql:
    """The runs in scope as a FROM clause; one branch per index range where the order is the index's."""
    pairs = [(experiment, stage) for experiment in where.experiment_ids for stage in stages]
    one = "SELECT * FROM experiments_run WHERE experiment_id = %s AND lifecycle = %s"
    if len(pairs) == 1 or (branched and len(pairs) <= MOST_BRANCHES):
        values = [value for pair in pairs for value in pair]
        return f"({' UNION ALL '.join([one] * len(pairs))}) AS r", values
    every = "SELECT * FROM experiments_run WHERE experiment_id = ANY(%s::bigint[]) AND lifecycle = ANY(%s)"
    return f"({every}) AS r", [list(where.experiment_ids), stages]


def _read(segment: Segment, place: list[Any] | None, limit: int, *, timed: bool) -> list[tuple[Any, ...]]:
    conditions = [*segment.where, *([after(segment.keys, place)] if place is not None else [])]
    order, ordering = ordered(segment.keys)
    columns = ", ".join(key.sql for key in segment.keys)
    source, values = segment.source
    tests = " AND ".join(text for text, _ in conditions)
    sql = f"SELECT r.id, {columns} FROM {source} WHERE {tests} ORDER BY {order} LIMIT %s"
    tested = [value for _, given in conditions for value in given]
    return fetched((TIMEOUT if timed else "") + sql, [*values, *tested, *ordering, limit])


# In the same message as the search, so it holds for that alone and costs no round trip.
TIMEOUT = f"SET LOCAL statement_timeout = {PATTERN_MILLIS}; "


def _timeout(tree: Expression | None) -> str:
    return TIMEOUT if patterned(tree) else ""


def _place(segments: list[Segment], page_token: str, query: Any) -> tuple[int, list[Any] | None]:
    """The segment to begin with and the values of its keys to begin behind."""
    if not page_token:
        return 0, None
    width = max((len(segment.keys) for segment in segments), default=0)
    number, *values = opened(page_token, query, 1 + width)
    return number, values[: len(segments[number].keys)]


def _token(segments: list[Segment], last: tuple[int, tuple[Any, ...]], query: Any) -> str:
    number, row = last
    width = max(len(segment.keys) for segment in segments)
    values = [plain(value) for value in row[1:]]
    return sealed([number, *values, *[None] * (width - len(values))], query)
