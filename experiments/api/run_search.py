"""REST: an experiment's runs by the filter grammar, with a count and a choice of columns. Called by experiments."""

from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter
from rest_framework.request import Request

from experiments import access
from experiments.models import Experiment
from experiments.queries import runs as run_queries
from experiments.queries import search as queries
from mlregistry.accounts.actor import Actor
from mlregistry.errors import Invalid

from .parsing import needed
from .serializers import RunOut

TRIGGERS = {"filter", "order_by", "columns", "count", "page_token"}
KNOWN = {*TRIGGERS, "view", "max_results", "format"}
ENTITIES = {"params": "params", "metrics": "metrics", "tags": "tags"}
PARAMETERS = [
    OpenApiParameter(
        "filter", OpenApiTypes.STR, description="Such as metrics.auc > 0.9 AND params.depth = '3'"
    ),
    OpenApiParameter("order_by", OpenApiTypes.STR, many=True, description="Such as min(metrics.loss) ASC"),
    OpenApiParameter("columns", OpenApiTypes.STR, many=True, description="Such as metrics.auc: only these"),
    OpenApiParameter("count", OpenApiTypes.BOOL, description="true: how many match, on all pages together"),
    OpenApiParameter("view", OpenApiTypes.STR, enum=["ACTIVE_ONLY", "DELETED_ONLY", "ALL"]),
    OpenApiParameter("max_results", OpenApiTypes.INT, description="1 to 1,000"),
    OpenApiParameter("page_token", OpenApiTypes.STR, description="From `next_page_token` of an answer"),
]
MOST_RESULTS = 1000


def asked(request: Request) -> bool:
    """Whether the query uses the grammar; without, the list is the plain one."""
    return not TRIGGERS.isdisjoint(request.query_params)


def found(request: Request, experiment: Experiment, *, by: Actor) -> dict[str, Any]:
    """One page: `results`, `next_page_token` (null on the last), and `count` when it is asked for."""
    query = request.query_params
    for name in query:
        if name not in KNOWN:
            raise Invalid(
                f"There is no {name!r} beside a filter; known: {', '.join(sorted(KNOWN))}.", field=name
            )
    max_results = needed(request, "max_results", 50)
    if max_results > MOST_RESULTS:
        raise Invalid(f"max_results lies between 1 and {MOST_RESULTS:,}.", field="max_results")
    scope = queries.scope(by.team.pk, [experiment.pk])
    order_by = tuple(term for term in query.getlist("order_by") if term)
    wanted = queries.Wanted(query.get("view", "ACTIVE_ONLY"), query.get("filter", ""), order_by)
    page = queries.page(scope, wanted, max_results=max_results, page_token=query.get("page_token", ""))
    rows = run_queries.with_measurements(access.runs(by)).in_bulk(page.rows)
    columns = _columns(query.getlist("columns"))
    results = [_held_to(RunOut(rows[run_id]).data, columns) for run_id in page.rows if run_id in rows]
    answer = {"results": results, "next_page_token": page.next_page_token or None}
    return answer | ({"count": queries.count(scope, wanted)} if query.get("count") == "true" else {})


def _columns(names: list[str]) -> dict[str, set[str]] | None:
    """The keys to show of params, metrics and tags; None for all. Commas or repetition part the names."""
    listed = [name.strip() for text in names for name in text.split(",") if name.strip()]
    if not listed:
        return None
    chosen: dict[str, set[str]] = {entity: set() for entity in ENTITIES}
    for name in listed:
        entity, _, key = name.partition(".")
        if entity not in ENTITIES or not key:
            raise Invalid(
                f"{name[:100]!r} is no column: write metrics.key, params.key or tags.key.", field="columns"
            )
        chosen[entity].add(key)
    return chosen


def _held_to(run: dict[str, Any], columns: dict[str, set[str]] | None) -> dict[str, Any]:
    if columns is None:
        return dict(run)
    held = {name: {key: run[name][key] for key in run[name] if key in keys} for name, keys in columns.items()}
    return {**run, **held}
