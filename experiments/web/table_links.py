"""The state of a runs table in addresses: read out of a request, written into links. Called by its pages."""

from collections.abc import Collection
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django.http import QueryDict
from django.utils import timezone

from experiments.models import Experiment, RunView
from experiments.queries import table_columns
from experiments.queries.table_state import DURATION, WORDS, Column, TableState, state_of
from mlregistry.errors import Invalid
from mlregistry.lib.filter_expr import RUNS, parse_order
from mlregistry.lib.filter_expr.nodes import Order
from mlregistry.lib.millis import from_millis, to_millis

LISTS = ("columns", "order", "group")


def given_in(query: QueryDict) -> dict[str, Any]:
    """The words of a state that an address has."""
    found = {word: query.getlist(word) if word in LISTS else query[word] for word in WORDS if word in query}
    return {**found, **{word: [one for one in found[word] if one] for word in LISTS if word in found}}


def state_in(query: QueryDict, experiment: Experiment, view: RunView | None) -> TableState:
    """What the address says, else what the view holds; without columns, the usual ones of the experiment.

    A view that was saved before a rule changed must not lock its table: what is wrong in it is left out.
    """
    given = given_in(query)
    if given or view is None:
        return state_of(given, usual=() if given.get("columns") else table_columns.usual(experiment))
    try:
        return state_of(view.state)
    except Invalid:
        return TableState(columns=table_columns.usual(experiment))


def moment_in(query: QueryDict) -> datetime:
    """The first page's moment, which its next pages carry along; now without one."""
    text = query.get("now", "")
    if not text:
        return timezone.now()
    if not text.isdecimal() or len(text) > 15:
        raise Invalid("now is a time in milliseconds since 1970.", field="now")
    return from_millis(int(text))


def query_of(state: TableState, view: RunView | None = None, **changes: Any) -> str:
    """The address's query for the state, with some of its words changed."""
    words = {**state.to_json(), **changes}
    words["widths"] = ",".join(str(width) for width in words["widths"]) if any(words["widths"]) else ""
    kept = {word: value for word, value in words.items() if value or word == "columns"}
    if view is not None:
        kept = {"view": view.pk, **kept}
    return urlencode(kept, doseq=True)


def next_query(state: TableState, token: str, now: datetime) -> str:
    return f"{query_of(state)}&{urlencode({'token': token, 'now': to_millis(now)})}"


def sorting(state: TableState, column: Column) -> tuple[str, str]:
    """(how the table is sorted by the column, for aria-sort; the order that a press on its head asks for).

    Numbers and times begin with the greatest; a third press ends it.
    """
    falling_first = column.is_number or column.key in ("start_time", "end_time", DURATION)
    orders = parse_order(list(state.order), RUNS)
    found = next((order for order in orders if _is_of(order, column)), None)
    if found is None:
        return "none", f"{column.name} {'DESC' if falling_first else 'ASC'}"
    is_second = found.ascending is falling_first
    return (
        "ascending" if found.ascending else "descending",
        "" if is_second else f"{column.name} {'ASC' if falling_first else 'DESC'}",
    )


def fields_of(state: TableState, leave: Collection[str]) -> list[tuple[str, str]]:
    """Hidden fields of a form that keeps the state but for what it asks itself."""
    words = state.to_json()
    words["widths"] = ",".join(map(str, words["widths"]))
    listed = [(word, value if isinstance(value, list) else [value]) for word, value in words.items()]
    return [(word, str(one)) for word, values in listed if word not in leave for one in values if one]


def _is_of(order: Order, column: Column) -> bool:
    return Column(order.entity, order.key, order.aggregate) == column
