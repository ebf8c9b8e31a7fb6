"""The rows of a runs table: a page of runs with the chosen columns alone, in a fixed number of queries.

Which runs, and in what order, is the search's business (queries.search). Called by the doors.
"""

import math
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from experiments.models import Experiment, LatestMetric, Param, Run, RunTag
from experiments.queries import search
from experiments.queries.run_places import metric_column
from experiments.queries.table_state import SPANS, Column, TableState, combined
from mlregistry.accounts.models import Team
from mlregistry.errors import Invalid, NotFound
from mlregistry.lib.millis import to_millis

PAGE_ROWS = 50
MOST_VIEWS = 200
MOST_CHOSEN = 10_000
MOST_EXPORTED = 50_000
EXPORTED_AT_ONCE = 1_000
ATTRIBUTES = ("name", "status", "started_at", "ended_at", "user_name", "experiment_id", "is_baseline")


@dataclass(frozen=True, slots=True)
class TableRow:
    """A run and its values, one for each column: numbers of metrics, texts of params and tags."""

    run: Run
    values: tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class TablePage:
    """`token` leads to the next page, empty on the last."""

    rows: list[TableRow]
    token: str


def page(
    team: Team,
    experiment: Experiment,
    state: TableState,
    *,
    now: datetime,
    token: str = "",
    limit: int,
) -> TablePage:
    """One page of the runs that match; `now` must be the first page's, for the token belongs to its time range."""
    scope = search.scope(team.pk, [experiment.pk])
    found = search.page(scope, wanted(state, now), max_results=limit, page_token=token)
    return TablePage(rows(found.rows, state.columns, scope.direction), found.next_page_token)


def count(team: Team, experiment: Experiment, state: TableState, *, now: datetime) -> int:
    """How many runs match."""
    return search.count(search.scope(team.pk, [experiment.pk]), wanted(state, now))


def chosen(team: Team, experiment: Experiment, state: TableState, *, now: datetime) -> list[uuid.UUID]:
    """The runs that match, in order; Invalid when they are more than may be selected at once."""
    scope = search.scope(team.pk, [experiment.pk])
    found = search.page(scope, wanted(state, now), max_results=MOST_CHOSEN)
    if found.next_page_token:
        raise Invalid(
            f"More than {MOST_CHOSEN:,} runs match, the most that can be selected at once; narrow the filter.",
            field="filter",
        )
    return found.rows


def wanted(state: TableState, now: datetime) -> search.Wanted:
    """The search that the state asks for."""
    more = []
    if state.since:
        more = [f"attributes.start_time >= {to_millis(now - SPANS[state.since])}"]
    return search.Wanted(filter=combined(state.filter, more) if more else state.filter, order_by=state.order)


def rows(ids: Sequence[uuid.UUID], columns: Sequence[Column], direction: str) -> list[TableRow]:
    """The runs in this order with their values: a query for the runs and one for each kind of column."""
    found = Run.objects.only(*ATTRIBUTES).in_bulk(ids)
    values = {
        "metric": _metrics(ids, columns, direction),
        "param": _texts(Param, "param", ids, columns),
        "tag": _texts(RunTag, "tag", ids, columns),
    }
    return [
        TableRow(found[pk], tuple(_value(column, found[pk], values) for column in columns))
        for pk in ids
        if pk in found
    ]


def exported(
    team: Team,
    experiment: Experiment,
    state: TableState,
    *,
    now: datetime,
    only: Sequence[uuid.UUID] = (),
) -> Iterator[TableRow]:
    """The rows for a file, some at a time: those that match, or `only` these runs of the experiment, in this order."""
    scope = search.scope(team.pk, [experiment.pk])
    if only:
        check_own(experiment, only)
        for start in range(0, len(only), EXPORTED_AT_ONCE):
            yield from rows(only[start : start + EXPORTED_AT_ONCE], state.columns, scope.direction)
        return
    token, n_left = "", MOST_EXPORTED
    while n_left:
        asked = wanted(state, now)
        found = search.page(scope, asked, max_results=min(EXPORTED_AT_ONCE, n_left), page_token=token)
        yield from rows(found.rows, state.columns, scope.direction)
        token, n_left = found.next_page_token, n_left - len(found.rows)
        if not token:
            return


def check_own(experiment: Experiment, ids: Sequence[uuid.UUID]) -> None:
    """NotFound for runs of elsewhere, Invalid for too many."""
    if len(ids) > MOST_CHOSEN:
        raise Invalid(f"Choose at most {MOST_CHOSEN:,} runs.", field="runs")
    here = set(Run.objects.filter(experiment=experiment, pk__in=ids).values_list("pk", flat=True))
    missing = set(ids) - here
    if missing:
        raise NotFound(f"There is no run {min(missing).hex} in {experiment.name}.", field="runs")


def _metrics(
    ids: Sequence[uuid.UUID], columns: Sequence[Column], direction: str
) -> dict[tuple[uuid.UUID, str, str], float | None]:
    wanted = [column for column in columns if column.entity == "metric"]
    if not wanted or not ids:
        return {}
    found = LatestMetric.objects.filter(run__in=ids, key__in={column.key for column in wanted})
    kinds: dict[str, list[tuple[str, str]]] = {}
    for column in wanted:
        kinds.setdefault(column.key, []).append(
            (column.aggregate, metric_column(column.aggregate, direction))
        )
    values: dict[tuple[uuid.UUID, str, str], float | None] = {}
    for run_id, key, last, is_nan, minimum, maximum in found.values_list(
        "run_id", "key", "value", "is_nan", "minimum", "maximum"
    ):
        of = {"value": math.nan if is_nan else last, "minimum": minimum, "maximum": maximum}
        for aggregate, place in kinds[key]:
            values[run_id, key, aggregate] = of[place]
    return values


def _texts(
    model: type[Param] | type[RunTag], entity: str, ids: Sequence[uuid.UUID], columns: Sequence[Column]
) -> dict[tuple[uuid.UUID, str, str], str]:
    keys = {column.key for column in columns if column.entity == entity}
    if not keys or not ids:
        return {}
    rows = model._default_manager.filter(run__in=ids, key__in=keys)
    found = rows.values_list("run_id", "key", "value")
    return {(run_id, key, "last"): value for run_id, key, value in found}


def _value(column: Column, run: Run, values: dict[str, Any]) -> Any:
    if column.entity != "attribute":
        return values[column.entity].get((run.pk, column.key, column.aggregate))
    return ATTRIBUTE_VALUES[column.key](run)


def _duration(run: Run) -> float | None:
    return (run.ended_at - run.started_at).total_seconds() if run.ended_at else None


ATTRIBUTE_VALUES: dict[str, Any] = {
    "run_id": lambda run: run.pk.hex,
    "run_name": lambda run: run.name,
    "status": lambda run: run.status,
    "user_id": lambda run: run.user_name,
    "start_time": lambda run: run.started_at,
    "end_time": lambda run: run.ended_at,
    "duration_seconds": _duration,
    "artifact_uri": lambda run: f"runs:/{run.pk.hex}/",
}
