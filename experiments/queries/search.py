"""The search of runs: a page of ids in order, found by index where there is one, and the runs behind them.

Called by the doors. Segments are read one after the other, each only while the page is not full; a page token
says in which one it ended.
"""
# ruff: noqa: S608  # only texts of this package are joined; values are parameters

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection

from experiments.queries import run_places
from experiments.queries.run_documents import documents
from experiments.queries.run_places import placing, plain
from experiments.queries.run_segments import Scope, Segment, Walk, runs, segments
from mlregistry.lib.filter_expr import RUNS, parse, parse_order
from mlregistry.lib.filter_sql import Key, Sql, after, condition, ordered, patterned
from mlregistry.searching import Page, check_limit, lifecycles, opened, sealed, searched

__all__ = ["Scope", "Wanted", "count", "documents", "page", "scope"]

Row = tuple[Any, ...]
MOST_RESULTS = 50_000
FIRST_STEPS, STEPS_PER_ROW, FIRST_STEPS_AT_MOST = 1_000, 20, 8_000
MOST_STEPS = 20_000
PATTERN_MILLIS = 5_000


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which runs: `view` in MLflow's words, `filter` and `order_by` in the grammar of lib.filter_expr."""

    view: str = "ACTIVE_ONLY"
    filter: str = ""
    order_by: tuple[str, ...] = ()


def scope(team_id: int, experiment_ids: Sequence[int], *, default: bool = False) -> Scope:
    """Those of the ids that are the team's; `default` adds its default experiment. Others are no error."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT e.id, COALESCE(p.direction, '') FROM experiments_experiment AS e
            LEFT JOIN experiments_problem AS p ON p.id = e.problem_id
            WHERE e.team_id = %s AND (e.id = ANY(%s::bigint[]) OR (%s AND e.is_default)) ORDER BY e.id
            """,
            [team_id, list(experiment_ids), default],
        )
        found = cursor.fetchall()
    directions = {direction for _, direction in found}
    return Scope(team_id, tuple(row[0] for row in found), directions.pop() if len(directions) == 1 else "")


def page(where: Scope, wanted: Wanted, *, max_results: int = 1000, page_token: str = "") -> Page[uuid.UUID]:
    """The ids of one page, newest first by default; Invalid for a wrong filter, order, limit or token."""
    check_limit(max_results, MOST_RESULTS)
    tree, orders = parse(wanted.filter, RUNS), parse_order(list(wanted.order_by), RUNS)
    query = ["runs", where.team_id, where.experiment_ids, wanted.view, wanted.filter, wanted.order_by]
    stages, prefix = lifecycles(wanted.view), _prefix(patterned(tree))
    parts = segments(where, stages, tree, orders)
    first, place = _place(parts, page_token, query)
    rows: list[tuple[int, Row]] = []
    narrow = False
    for number in range(first, len(parts)):
        begin, left = place if number == first else None, max_results + 1 - len(rows)
        found = _walk_down(parts[number], begin, left, prefix=prefix)
        if found is None:
            if tree and not narrow:
                parts, narrow = segments(where, stages, tree, orders, driver=_driver(parts)), True
            found = _searched(parts[number], begin, left, prefix=prefix)
        rows += [(number, row) for row in found]
        if len(rows) > max_results:
            break
    token = _token(parts, *rows[max_results - 1], query) if len(rows) > max_results else ""
    return Page([row[0] for _, row in rows[:max_results]], token)


def count(where: Scope, wanted: Wanted) -> int:
    """How many runs match, on all pages together."""
    if not where.experiment_ids:
        return 0
    tree = parse(wanted.filter, RUNS)
    source, values = runs(where, lifecycles(wanted.view), branched=False)
    test, tested = condition(tree, placing(where.experiment_ids, where.direction))
    sql = f"{_prefix(patterned(tree))}SELECT count(*) FROM {source} WHERE {test}"
    return int(searched(sql, [*values, *tested])[0][0])


def _walk_down(segment: Segment, place: list[Any] | None, limit: int, *, prefix: str) -> list[Row] | None:
    """The next rows of a segment by some steps down its index, as many as it takes to fill the page. None where
    that is no good way: what the steps meet tells; PostgreSQL's own estimates cannot."""
    steps = min(FIRST_STEPS + STEPS_PER_ROW * limit, FIRST_STEPS_AT_MOST)
    for _ in range(2):
        if segment.walk is None or steps > MOST_STEPS:
            break
        way = _way(segment.walk, segment.keys[0], place)
        source = _walked(segment.walk, way, steps)
        sql, values = _selected(segment, source, segment.walk.tests, segment.walk.sets, place, limit)
        rows = searched(prefix + sql, values)
        if len(rows) >= limit or not _goes_on(way, steps):
            return rows
        steps = 3 * steps * limit // (2 * len(rows)) if rows else MOST_STEPS + 1
    return None


def _searched(segment: Segment, place: list[Any] | None, limit: int, *, prefix: str) -> list[Row]:
    """The next rows of a segment, of all runs that match."""
    sql, values = _selected(segment, segment.source, segment.where, [], place, limit)
    return searched(prefix + sql, values)


def _driver(parts: list[Segment]) -> Sql | None:
    """A small set in which all runs that match are, if one comparison of the filter alone finds so few."""
    drivers = parts[0].walk.drivers if parts and parts[0].walk else []
    if not drivers:
        return None
    sizes = ", ".join(f"(SELECT count(*) FROM ({text}) AS few)" for text, _ in drivers)
    (found,) = searched(f"SELECT {sizes}", [value for _, values in drivers for value in values])
    size, number = min((size, number) for number, size in enumerate(found))
    return drivers[number] if size <= run_places.FEW else None


def _way(walk: Walk, first: Key, place: list[Any] | None) -> Sql:
    """The rows of the index in the order of the first key, from the place on."""
    rows, values = walk.rows
    if place is not None:
        rows += f" AND {first.sql} {'>=' if first.ascending else '<='} %s"
        values = [*values, place[0]]
    return f"{rows} ORDER BY {first.sql} {'ASC' if first.ascending else 'DESC'}", values


def _walked(walk: Walk, way: Sql, steps: int) -> Sql:
    """FROM of the first so many rows of the way, with all that tie with the last of them.

    PostgreSQL takes them one by one, and no more than the page needs.
    """
    return f"({way[0]} FETCH FIRST {steps} ROWS WITH TIES) {walk.joins[0]}", [*way[1], *walk.joins[1]]


def _goes_on(way: Sql, steps: int) -> bool:
    """Whether there is a row behind so many steps; if not, the steps have met all there is."""
    return bool(searched(f"SELECT FROM ({way[0]} OFFSET {steps} LIMIT 1) AS next", way[1]))


def _selected(
    segment: Segment, source: Sql, where: list[Sql], sets: list[Sql], place: list[Any] | None, limit: int
) -> Sql:
    conditions = [("TRUE", []), *where, *([after(segment.keys, place)] if place is not None else [])]
    order, ordering = ordered(segment.keys)
    columns = ", ".join(key.sql for key in segment.keys)
    tests = " AND ".join(text for text, _ in conditions)
    named = ", ".join(f"few{number} AS MATERIALIZED ({text})" for number, (text, _) in enumerate(sets))
    sql = f"SELECT r.id, {columns} FROM {source[0]} WHERE {tests} ORDER BY {order} LIMIT %s"
    given = [value for _, values in (*sets, source, *conditions) for value in values]
    return (f"WITH {named} {sql}" if named else sql), [*given, *ordering, limit]


def _prefix(pattern: bool) -> str:
    """In the same message as the search: so it holds for that alone and costs no round trip."""
    return f"SET LOCAL statement_timeout = {PATTERN_MILLIS}; " if pattern else ""


def _place(parts: list[Segment], page_token: str, query: Any) -> tuple[int, list[Any] | None]:
    """The segment to begin with and the values of its keys to begin behind."""
    if not page_token:
        return 0, None
    number, *values = opened(page_token, query, 1 + max((len(part.keys) for part in parts), default=0))
    return number, values[: len(parts[number].keys)]


def _token(parts: list[Segment], number: int, row: Row, query: Any) -> str:
    values = [plain(value) for value in row[1:]]
    blanks = [None] * (max(len(part.keys) for part in parts) - len(values))
    return sealed([number, *values, *blanks], query)
