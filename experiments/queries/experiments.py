"""Searches of experiments by the filter grammar. Called by doors."""

from collections.abc import Sequence

from experiments.models import Experiment
from mlregistry.lib import tag_names
from mlregistry.lib.filter_expr import EXPERIMENTS, Comparison, Order, parse, parse_order
from mlregistry.lib.filter_sql import Key, Place, condition
from mlregistry.searching import Page, check_limit, identities, lifecycles

MOST_RESULTS = 50_000
COLUMNS = {
    "name": "e.name",
    "experiment_id": "(CASE WHEN e.is_default THEN '0' ELSE e.id::text END)",
    "creation_time": "(floor(extract(epoch FROM e.created_at) * 1000)::bigint)",
    "last_update_time": "(floor(extract(epoch FROM e.updated_at) * 1000)::bigint)",
}
NEWEST_FIRST = (Order("attribute", "creation_time", False),)


def search(
    team_id: int,
    *,
    view: str = "ACTIVE_ONLY",
    filter: str = "",
    order_by: Sequence[str] = (),
    max_results: int = 1000,
    page_token: str = "",
) -> Page[Experiment]:
    """One page, newest first by default; Invalid for a wrong filter, order, limit or token."""
    check_limit(max_results, MOST_RESULTS)
    orders = parse_order(list(order_by), EXPERIMENTS) or NEWEST_FIRST
    found = identities(
        "experiments_experiment AS e",
        "e.id",
        [
            ("e.team_id = %s AND e.lifecycle = ANY(%s)", [team_id, lifecycles(view)]),
            condition(parse(filter, EXPERIMENTS), _place),
        ],
        [*(Key(_ordering(order), order.ascending) for order in orders), Key("e.id", True)],
        limit=max_results,
        page_token=page_token,
        query=["experiments", team_id, view, filter, list(order_by)],
    )
    rows = Experiment.objects.in_bulk(found.rows)
    return Page([rows[pk] for pk in found.rows if pk in rows], found.next_page_token)


def _place(comparison: Comparison) -> Place:
    if comparison.entity == "attribute":
        return Place(COLUMNS[comparison.key])
    if comparison.key == tag_names.NOTE:
        return Place("NULLIF(e.description, '')")
    return Place("(e.tags ->> %s)", (comparison.key,))


def _ordering(order: Order) -> str:
    # Ids that are ordered by are numbers, though they travel as text.
    return (
        "(CASE WHEN e.is_default THEN 0 ELSE e.id END)"
        if order.key == "experiment_id"
        else COLUMNS[order.key]
    )
