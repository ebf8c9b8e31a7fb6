"""Searches of models and versions by the filter grammar, one statement for a page's ids. Called by doors."""

from collections.abc import Callable, Sequence

from mlregistry.errors import Invalid
from mlregistry.lib.filter_expr import (
    MODEL_VERSIONS,
    REGISTERED_MODELS,
    Comparison,
    Expression,
    Not,
    Order,
    parse,
    parse_order,
)
from mlregistry.lib.filter_sql import Key, Place, Sql, condition
from mlregistry.searching import Page, identities
from models_app.prompts import IS_PROMPT
from models_app.queries import records
from models_app.queries.records import MILLIS, VERSIONS, ModelRecord, VersionRecord

MOST_MODELS = 1000
MOST_VERSIONS = 200_000
# Names are ordered as clients' programs order them, letter by letter.
MODEL_COLUMNS = {
    "name": 'm.name COLLATE "C"',
    "last_updated_timestamp": f"({MILLIS.format('m.updated_at')})",
}
VERSION_COLUMNS = {
    "name": 'm.name COLLATE "C"',
    "version_number": "v.number",
    "run_id": "v.run_key",
    "source_path": "v.source",
    "creation_timestamp": f"({MILLIS.format('v.created_at')})",
    "last_updated_timestamp": f"({MILLIS.format('v.updated_at')})",
}
NEWEST_FIRST = (Order("attribute", "last_updated_timestamp", False),)


def search_models(
    team_id: int,
    *,
    filter: str = "",
    order_by: Sequence[str] = (),
    max_results: int = 100,
    page_token: str = "",
) -> Page[ModelRecord]:
    """One page, by name unless ordered; prompts only when the filter asks for them."""
    _check_limit(max_results, MOST_MODELS)
    expression = parse(filter, REGISTERED_MODELS)
    found = identities(
        "models_app_registeredmodel AS m",
        "m.id",
        [
            ("m.team_id = %s", [team_id]),
            condition(expression, _places(MODEL_COLUMNS, "m.tags")),
            *_without_prompts(expression, "m.tags"),
        ],
        _keys(parse_order(list(order_by), REGISTERED_MODELS), MODEL_COLUMNS, {"name": True}),
        limit=max_results,
        page_token=page_token,
        query=["models", team_id, filter, list(order_by)],
    )
    return Page(records.models(found.rows) if found.rows else [], found.next_page_token)


def search_versions(
    team_id: int,
    *,
    model_id: int | None = None,
    filter: str = "",
    order_by: Sequence[str] = (),
    max_results: int = 10_000,
    page_token: str = "",
) -> Page[VersionRecord]:
    """One page, last changed first unless ordered, ties by name and the higher number; perhaps of one model."""
    _check_limit(max_results, MOST_VERSIONS)
    expression = parse(filter, MODEL_VERSIONS)
    orders = parse_order(list(order_by), MODEL_VERSIONS) or NEWEST_FIRST
    of_one: list[Sql] = [] if model_id is None else [("v.model_id = %s", [model_id])]
    found = identities(
        VERSIONS,
        "v.id",
        [
            ("m.team_id = %s", [team_id]),
            condition(expression, _places(VERSION_COLUMNS, "v.tags")),
            *(of_one or _without_prompts(expression, "v.tags")),
        ],
        _keys(orders, VERSION_COLUMNS, {"name": True, "version_number": False}),
        limit=max_results,
        page_token=page_token,
        query=["versions", team_id, model_id, filter, list(order_by)],
    )
    return Page(records.versions(found.rows) if found.rows else [], found.next_page_token)


def _check_limit(max_results: int, most: int) -> None:
    if max_results < 1:
        raise Invalid(
            f"Invalid value for max_results. It must be a positive integer, but got {max_results}.",
            field="max_results",
        )
    if max_results > most:
        raise Invalid(
            f"Invalid value {max_results} for parameter 'max_results' supplied: It must be at most {most}.",
            field="max_results",
        )


def _keys(orders: Sequence[Order], columns: dict[str, str], ties: dict[str, bool]) -> list[Key]:
    named = {order.key for order in orders}
    chosen = [Key(columns[order.key], order.ascending) for order in orders]
    return chosen + [Key(columns[name], ascending) for name, ascending in ties.items() if name not in named]


def _places(columns: dict[str, str], tags: str) -> Callable[[Comparison], Place]:
    def place(comparison: Comparison) -> Place:
        if comparison.entity == "attribute":
            return Place(columns[comparison.key])
        if comparison.key == IS_PROMPT:
            # Models that are no prompts lack the tag; clients ask for them by its not being true.
            return Place(f"COALESCE({tags} ->> %s, 'false')", (IS_PROMPT,))
        return Place(f"({tags} ->> %s)", (comparison.key,))

    return place


def _without_prompts(expression: Expression | None, tags: str) -> list[Sql]:
    if _asks_for_prompts(expression):
        return []
    return [(f"({tags} ->> %s) IS DISTINCT FROM 'true'", [IS_PROMPT])]


def _asks_for_prompts(expression: Expression | None) -> bool:
    if expression is None:
        return False
    if isinstance(expression, Comparison):
        if expression.entity != "tag" or expression.key != IS_PROMPT:
            return False
        return (expression.operator, str(expression.value).lower()) in (("=", "true"), ("!=", "false"))
    parts = (expression.part,) if isinstance(expression, Not) else expression.parts
    return any(_asks_for_prompts(part) for part in parts)
