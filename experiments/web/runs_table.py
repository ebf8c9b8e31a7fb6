"""The page of an experiment's runs table, and what its script asks for: rows, counts, keys, values, selections."""

import json
from datetime import datetime
from typing import Any

from django.http import HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils.cache import patch_vary_headers
from django.views.decorators.http import require_GET

from experiments import access
from experiments.actions.settling import settle_runs
from experiments.models import Experiment, RunView
from experiments.queries import runs_table as queries
from experiments.queries import search, table_columns, table_groups
from experiments.queries.table_state import (
    SPAN_TITLES,
    Column,
    TableState,
    checked_filter,
    column_of,
)
from experiments.web import table_cells as cells
from experiments.web import table_links as links
from mlregistry.errors import Invalid
from mlregistry.lib.millis import to_millis
from mlregistry.ui.page import PageRequest, page, whole

NESTED_ROWS = 20
LONGEST_START = 200


@require_GET
@page()
def runs_table(request: PageRequest, experiment_id: int) -> HttpResponse:
    if experiment_id == 0:  # as MLflow's clients call the default one
        return redirect("experiments:runs-table", access.default_experiment(request.actor).pk)
    experiment = access.experiment(request.actor, experiment_id)
    if not request.htmx:
        settle_runs(request.actor.team)
    context = {"experiment": experiment, "problem": experiment.problem} | _table(request, experiment)
    template = "experiments/runs_table.html" if request.htmx else "experiments/runs_page.html"
    answer = render(request, template, context)
    patch_vary_headers(answer, ["HX-Request"])
    return answer


@require_GET
@page()
def rows(request: PageRequest, experiment_id: int) -> HttpResponse:
    """One page more; with `nested` the first few as a table of their own."""
    experiment, state, now = _asked(request, experiment_id)
    nested = "nested" in request.GET
    limit = NESTED_ROWS if nested else queries.PAGE_ROWS
    token = request.GET.get("token", "")
    found = queries.page(request.actor.team, experiment, state, now=now, token=token, limit=limit)
    context = {"experiment": experiment, "state": state, **_rows(state, found, now)}
    return render(request, f"experiments/runs_{'nested' if nested else 'rows'}.html", context)


@require_GET
@page()
def count(request: PageRequest, experiment_id: int) -> HttpResponse:
    experiment, state, now = _asked(request, experiment_id)
    return JsonResponse({"n": queries.count(request.actor.team, experiment, state, now=now)})


@require_GET
@page()
def chosen(request: PageRequest, experiment_id: int) -> HttpResponse:
    """The ids of all runs that match, to select them; a reason where they are too many."""
    try:
        experiment, state, now = _asked(request, experiment_id)
        ids = queries.chosen(request.actor.team, experiment, state, now=now)
    except Invalid as error:
        return JsonResponse({"error": error.message}, status=400)
    return JsonResponse({"runs": [one.hex for one in ids]})


@require_GET
@page()
def columns(request: PageRequest, experiment_id: int) -> HttpResponse:
    """What the runs have, by kind, as [name in the grammar, title]."""
    found = table_columns.keys(access.experiment(request.actor, experiment_id))
    kinds = {"metric": found.metrics, "param": found.params, "tag": found.tags}
    named = {kind: [_pair(Column(kind, key)) for key in keys] for kind, keys in kinds.items()}
    return JsonResponse({**named, "cut": found.is_cut})


@require_GET
@page()
def values(request: PageRequest, experiment_id: int) -> HttpResponse:
    """The values of a param or tag that begin as the text does."""
    experiment = access.experiment(request.actor, experiment_id)
    start = request.GET.get("start", "")[:LONGEST_START].replace("\0", "")
    try:
        found = table_columns.values(experiment, column_of(request.GET.get("name", "")), start)
    except Invalid as error:
        return JsonResponse({"error": error.message}, status=400)
    return JsonResponse({"values": found})


def _asked(request: PageRequest, experiment_id: int) -> tuple[Experiment, TableState, datetime]:
    experiment = access.experiment(request.actor, experiment_id)
    return experiment, links.state_in(request.GET, experiment, None), links.moment_in(request.GET)


def _table(request: PageRequest, experiment: Experiment) -> dict[str, Any]:
    views = list(access.run_views(request.actor).filter(experiment=experiment)[: queries.MOST_VIEWS])
    view = _view(request, views)
    state, error = _state(request, experiment, view)
    now = links.moment_in(request.GET)
    context = {
        "state": state, "views": views, "view": view, "is_changed": view is not None and _differs(state, view),
        "spans": list(SPAN_TITLES.items()), "state_json": json.dumps(state.to_json()), "now": to_millis(now),
        "query": links.query_of(state), "plain_query": links.query_of(state, filter=""),
        "hidden": links.fields_of(state, {"filter", "since"}), "whole": links.fields_of(state, ()),
        "heads": [_head(state, view, column) for column in state.columns],
        "name_head": _head(state, view, Column("attribute", "run_name")),
    }  # fmt: skip
    if error is not None:
        return {**context, "filter_error": error, "pieces": _pieces(state.filter, error)}
    try:
        return context | _content(request, experiment, state, now)
    except Invalid as wrong:
        return {**context, "filter_error": wrong, "pieces": _pieces(state.filter, wrong)}


def _view(request: PageRequest, views: list[RunView]) -> RunView | None:
    """The one the address names, or the default one of an address that says nothing."""
    named = request.GET.get("view", "")
    if named:
        return next((view for view in views if str(view.pk) == named), None)
    plain = not links.given_in(request.GET) and "plain" not in request.GET
    return next((view for view in views if view.is_default), None) if plain else None


def _state(
    request: PageRequest, experiment: Experiment, view: RunView | None
) -> tuple[TableState, Invalid | None]:
    """The state, and what is wrong with it: then the usual columns, with the filter as it was typed."""
    filter = request.GET.get("filter", "")
    try:
        state = links.state_in(request.GET, experiment, view)
        filter = state.filter
        checked_filter(filter)
    except Invalid as error:
        if error.field != "filter":
            error.place = None
        usual = TableState(columns=table_columns.usual(experiment), filter=filter[:5000])
        return (state if error.field == "filter" and error.place else usual), error
    return state, None


def _content(
    request: PageRequest, experiment: Experiment, state: TableState, now: datetime
) -> dict[str, Any]:
    team = request.actor.team
    if not state.group:
        token = request.GET.get("token", "")
        return _rows(
            state, queries.page(team, experiment, state, now=now, token=token, limit=queries.PAGE_ROWS), now
        )
    place = whole(request.GET.get("measures"), "measures")  # 1 is the first metric
    measure = (place - 1,) if table_groups.are_many(experiment) else None  # each takes its time
    found = table_groups.groups(team, experiment, state, now=now, measure=measure)
    waits = measure is not None and place < len(found.columns)
    direction = search.scope(team.pk, [experiment.pk]).direction
    ungrouped = [
        (line, links.query_of(state, group=[], filter=line.filter) if line.filter is not None else "")
        for line in cells.group_lines(found, direction)
    ]
    return {
        "groups": ungrouped, "measured": found.columns, "is_cut": found.is_cut, "direction": direction,
        "measures": f"{links.query_of(state)}&measures={place + 1}" if waits else "",
        "most_groups": table_groups.MOST_GROUPS, "grouped_by": [_chip(state, column) for column in state.group],
    }  # fmt: skip


def _rows(state: TableState, found: queries.TablePage, now: datetime) -> dict[str, Any]:
    return {
        "lines": cells.lines(state.columns, found.rows),
        "next": links.next_query(state, found.token, now) if found.token else "",
    }


def _head(state: TableState, view: RunView | None, column: Column) -> dict[str, Any]:
    sort, order = links.sorting(state, column)
    return {
        "column": column,
        "sort": sort,
        "query": links.query_of(state, view, order=[order] if order else []),
    }


def _chip(state: TableState, column: Column) -> tuple[Column, str]:
    return column, links.query_of(state, group=[one.name for one in state.group if one != column])


def _pair(column: Column) -> tuple[str, str]:
    return column.name, column.key


def _differs(state: TableState, view: RunView) -> bool:
    return bool(state.to_json() != view.state)


def _pieces(filter: str, error: Invalid) -> tuple[str, str, str] | None:
    """What stands before the mistake, the mistake, and what stands behind it."""
    if error.place is None:
        return None
    start, end = error.place
    return filter[:start], filter[start:end], filter[end:]
