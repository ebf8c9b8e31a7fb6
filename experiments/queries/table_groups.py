"""Runs in groups of equal params, tags or attributes: how many, and mean, spread and extremes of metrics.

One statement over all runs that match, which PostgreSQL may share among workers. Called by the runs table.
"""
# ruff: noqa: S608  # only texts of this package are joined; values are parameters

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from experiments.models import Experiment, Lifecycle, Run
from experiments.models.measurements import INDEXED_BYTES
from experiments.queries import search
from experiments.queries.run_places import TABLES, metric_column, placing
from experiments.queries.run_segments import Scope, runs
from experiments.queries.runs_table import wanted
from experiments.queries.table_state import Column, TableState, combined, equals
from mlregistry.accounts.models import Team
from mlregistry.lib.filter_expr import RUNS, Expression, parse, parse_order
from mlregistry.lib.filter_sql import Sql, condition, patterned
from mlregistry.searching import lifecycles, searched

MOST_GROUPS = 200
MOST_MEASURES = 6
MANY = 20_000  # runs of an experiment, from which on the groups are shown before they are measured
LARGEST = 1e150  # the square of a larger one is none
PATTERN_MILLIS = 5_000
# The values of a tag lie all over its table: read in the order of the pages, each of them once, it takes half the
# time, but PostgreSQL prefers the index's order where pages are said to cost as much one by one as in a row. And it
# expects thousands of groups for its workers to hand over where there are a handful.
PLANNING = "SET LOCAL random_page_cost = 4; SET LOCAL parallel_tuple_cost = 0.01; "
# Params lie in two indexes by the length of their value, each with all that grouping needs of it.
PARTS = {
    "param": (f" AND octet_length(value) <= {INDEXED_BYTES}", f" AND octet_length(value) > {INDEXED_BYTES}")
}
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
    where the grammar cannot name them. `measures` are of the columns at `Groups.places`."""

    values: tuple[str | None, ...]
    n: int
    measures: tuple[Measure, ...]
    filter: str | None


@dataclass(frozen=True, slots=True)
class Groups:
    """The largest first, or in the state's order; `is_cut` when there are more.

    Of the metric `columns` those at `places` were measured.
    """

    columns: tuple[Column, ...]
    places: tuple[int, ...]
    groups: list[Group]
    is_cut: bool


def are_many(experiment: Experiment) -> bool:
    """Whether measuring takes so long that the groups are worth showing before."""
    rows = Run.objects.filter(experiment=experiment, lifecycle=Lifecycle.ACTIVE)
    return rows.order_by("-started_at", "pk")[MANY : MANY + 1].exists()


def groups(
    team: Team,
    experiment: Experiment,
    state: TableState,
    *,
    now: datetime,
    measure: Iterable[int] | None = None,
) -> Groups:
    """The state's groups, with the first of its metric columns measured, or those of them at the places `measure`.

    Where there are such places the column that orders the groups is measured, too.
    """
    columns = tuple(column for column in state.columns if column.is_number)[:MOST_MEASURES]
    places = _places(state, columns, measure)
    scope = search.scope(team.pk, [experiment.pk])
    measured = {place: columns[place] for place in places}
    found = searched(*_statement(scope, state, measured, wanted(state, now).filter))
    shown = [_group(state, row) for row in found[:MOST_GROUPS]]
    return Groups(columns, places, shown, len(found) > MOST_GROUPS)


def _places(state: TableState, columns: tuple[Column, ...], measure: Iterable[int] | None) -> tuple[int, ...]:
    places = range(len(columns))
    if measure is None:
        return tuple(places)
    asked = set(measure) & set(places)
    ordering = [Column(one.entity, one.key, one.aggregate) for one in parse_order(list(state.order), RUNS)]
    return tuple(place for place in places if asked and (place in asked or columns[place] in ordering))


def _statement(scope: Scope, state: TableState, measured: Mapping[int, Column], filter: str) -> Sql:
    tree = parse(filter, RUNS)
    matching, values = _matching(scope, tree)
    parts = [_grouping(scope, column, number) for number, column in enumerate(state.group)]
    numbers = [_measuring(scope, column, number) for number, column in measured.items()]
    names = ", ".join(f"{text} AS k{number}" for number, (text, _) in enumerate(parts))
    joins = "".join(join for _, (join, _) in (*parts, *numbers))
    joined = [value for _, (_, given) in (*parts, *numbers) for value in given]
    sums = "".join(f", {text}" for text, _ in numbers)
    keys = ", ".join(f"k{number}" for number in range(len(parts)))
    sql = f"""
        SELECT {names}, count(*) AS n{sums} FROM {matching}{joins}
        GROUP BY {keys} ORDER BY {_ordering(state, measured)} LIMIT {MOST_GROUPS + 1}
    """
    limit = f"SET LOCAL statement_timeout = {PATTERN_MILLIS}; " if patterned(tree) else ""
    return limit + PLANNING + sql, [*values, *joined]


def _matching(scope: Scope, tree: Expression | None) -> Sql:
    """The runs r that match; behind a fence if a filter says which, for then PostgreSQL cannot know how many there
    are, and a fence keeps its workers out."""
    source, values = runs(scope, lifecycles("ACTIVE_ONLY"), branched=False)
    if tree is None:
        return source, values
    test, tested = condition(tree, placing(scope.experiment_ids, scope.direction))
    return f"(SELECT r.id, r.status, r.user_name FROM {source} WHERE {test} OFFSET 0) AS r", [
        *values,
        *tested,
    ]


def _grouping(scope: Scope, column: Column, number: int) -> tuple[str, Sql]:
    """(the value, the join it needs)."""
    if column.entity == "attribute":
        return COLUMNS[column.key], ("", [])
    x, rows = (
        f"g{number}",
        f"SELECT run_id, value FROM {TABLES[column.entity]} WHERE experiment_id = %s AND key = %s",
    )
    parts = [rows + test for test in PARTS.get(column.entity, ("",))]
    join = f" LEFT JOIN ({' UNION ALL '.join(parts)}) AS {x} ON {x}.run_id = r.id"
    return f"{x}.value", (join, [scope.experiment_ids[0], column.key] * len(parts))


def _measuring(scope: Scope, column: Column, number: int) -> tuple[str, Sql]:
    x = f"m{number}"
    value = f"{x}.{metric_column(column.aggregate, scope.direction)}"
    sums = f"count({value}), avg({value}) AS mean{number}, stddev_samp({value}), min({value}), max({value})"
    join = (
        f" LEFT JOIN experiments_latestmetric AS {x} ON {x}.run_id = r.id AND {x}.experiment_id = %s AND {x}.key = %s"
        f" AND NOT {x}.is_nan AND {value} BETWEEN {-LARGEST} AND {LARGEST}"
    )
    return sums, (join, [scope.experiment_ids[0], column.key])


def _ordering(state: TableState, measured: Mapping[int, Column]) -> str:
    means = {column: f"mean{place}" for place, column in measured.items()}
    keys = ", ".join(f"k{number} ASC NULLS LAST" for number in range(len(state.group)))
    for order in parse_order(list(state.order), RUNS):
        asked, way = Column(order.entity, order.key, order.aggregate), "ASC" if order.ascending else "DESC"
        if asked in means:
            return f"{means[asked]} {way} NULLS LAST, {keys}"
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
