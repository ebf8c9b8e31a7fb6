"""Runs in groups of equal params, tags or attributes: how many, and mean, spread and extremes of metrics.

One statement over all runs that match. Called by the runs table.
"""
# ruff: noqa: S608  # only texts of this package are joined; values are parameters

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from experiments.models import Experiment
from experiments.queries import search
from experiments.queries.run_places import TABLES, metric_column, placing
from experiments.queries.run_segments import Scope, runs
from experiments.queries.runs_table import wanted
from experiments.queries.table_state import Column, TableState, combined, equals
from mlregistry.accounts.models import Team
from mlregistry.lib.filter_expr import RUNS, parse, parse_order
from mlregistry.lib.filter_sql import Sql, condition, patterned
from mlregistry.searching import lifecycles, searched

MOST_GROUPS = 200
MOST_MEASURES = 6
LARGEST = 1e150  # the square of a larger one is none
PATTERN_MILLIS = 5_000
COLUMNS = {"status": "r.status", "user_id": "r.user_name"}


@dataclass(frozen=True, slots=True)
class Measure:
    """Of one metric over the runs of a group that have it; all None where none has."""

    n: int
    mean: float | None
    deviation: float | None
    low: float | None
    high: float | None


@dataclass(frozen=True, slots=True)
class Group:
    """`values` are those of the state's groups, None where a run has none; `filter` leads to its runs, or is None
    where the grammar cannot name them."""

    values: tuple[str | None, ...]
    n: int
    measures: tuple[Measure, ...]
    filter: str | None


@dataclass(frozen=True, slots=True)
class Groups:
    """The largest first, or in the state's order; `is_cut` when there are more."""

    measured: tuple[Column, ...]
    groups: list[Group]
    is_cut: bool


def groups(team: Team, experiment: Experiment, state: TableState, *, now: datetime) -> Groups:
    """The state's groups with the first of its metric columns measured."""
    measured = tuple(column for column in state.columns if column.is_number)[:MOST_MEASURES]
    scope = search.scope(team.pk, [experiment.pk])
    sql, values = _statement(scope, state, measured, wanted(state, now).filter)
    found = searched(sql, values)
    return Groups(measured, [_group(state, row) for row in found[:MOST_GROUPS]], len(found) > MOST_GROUPS)


def _statement(scope: Scope, state: TableState, measured: tuple[Column, ...], filter: str) -> Sql:
    tree = parse(filter, RUNS)
    source, values = runs(scope, lifecycles("ACTIVE_ONLY"), branched=False)
    test, tested = condition(tree, placing(scope.experiment_ids, scope.direction))
    parts = [_grouping(scope, column, number) for number, column in enumerate(state.group)]
    numbers = [_measuring(scope, column, number) for number, column in enumerate(measured)]
    names = ", ".join(f"{text} AS k{number}" for number, (text, _) in enumerate(parts))
    joins = "".join(join for _, (join, _) in (*parts, *numbers))
    joined = [value for _, (_, given) in (*parts, *numbers) for value in given]
    sums = "".join(f", {text}" for text, _ in numbers)
    keys = ", ".join(f"k{number}" for number in range(len(parts)))
    sql = f"""
        WITH matching AS MATERIALIZED (SELECT r.id, r.status, r.user_name FROM {source} WHERE {test})
        SELECT {names}, count(*) AS n{sums} FROM matching AS r{joins}
        GROUP BY {keys} ORDER BY {_ordering(state, measured)} LIMIT {MOST_GROUPS + 1}
    """
    limit = f"SET LOCAL statement_timeout = {PATTERN_MILLIS}; " if patterned(tree) else ""
    return limit + sql, [*values, *tested, *joined]


def _grouping(scope: Scope, column: Column, number: int) -> tuple[str, Sql]:
    """(the value, the join it needs)."""
    if column.entity == "attribute":
        return COLUMNS[column.key], ("", [])
    x = f"g{number}"
    join = f" LEFT JOIN {TABLES[column.entity]} AS {x} ON {x}.run_id = r.id AND {x}.experiment_id = %s AND {x}.key = %s"
    return f"{x}.value", (join, [scope.experiment_ids[0], column.key])


def _measuring(scope: Scope, column: Column, number: int) -> tuple[str, Sql]:
    x = f"m{number}"
    value = f"{x}.{metric_column(column.aggregate, scope.direction)}"
    sums = f"count({value}), avg({value}) AS mean{number}, stddev_samp({value}), min({value}), max({value})"
    join = (
        f" LEFT JOIN experiments_latestmetric AS {x} ON {x}.run_id = r.id AND {x}.experiment_id = %s AND {x}.key = %s"
        f" AND NOT {x}.is_nan AND {value} BETWEEN {-LARGEST} AND {LARGEST}"
    )
    return sums, (join, [scope.experiment_ids[0], column.key])


def _ordering(state: TableState, measured: tuple[Column, ...]) -> str:
    keys = ", ".join(f"k{number} ASC NULLS LAST" for number in range(len(state.group)))
    for order in parse_order(list(state.order), RUNS):
        asked, way = Column(order.entity, order.key, order.aggregate), "ASC" if order.ascending else "DESC"
        if asked in measured:
            return f"mean{measured.index(asked)} {way} NULLS LAST, {keys}"
        if asked in state.group:
            return f"k{state.group.index(asked)} {way} NULLS LAST, {keys}"
    return f"n DESC, {keys}"


def _group(state: TableState, row: tuple[Any, ...]) -> Group:
    n_keys = len(state.group)
    values, n, rest = row[:n_keys], row[n_keys], row[n_keys + 1 :]
    measures = tuple(Measure(*rest[start : start + 5]) for start in range(0, len(rest), 5))
    tests = [equals(column, value) for column, value in zip(state.group, values, strict=True)]
    known = [test for test in tests if test is not None]
    filter = combined(state.filter, known) if len(known) == len(tests) else None
    return Group(tuple(values), n, measures, filter)
