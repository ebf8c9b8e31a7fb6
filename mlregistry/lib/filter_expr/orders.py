"""The terms of an order parsed, such as `metrics.loss DESC`. Called by every search."""

from __future__ import annotations

from collections.abc import Sequence

from mlregistry.errors import Invalid
from mlregistry.lib.filter_expr.comparisons import check_aggregate, read_name
from mlregistry.lib.filter_expr.grammars import Grammar
from mlregistry.lib.filter_expr.nodes import Order
from mlregistry.lib.filter_expr.tokens import Reader, bad_clause, cut, short

FIELD = "order_by"
MOST_TERMS = 50
LONGEST_TERM = 10_000


def parse_order(terms: Sequence[str], grammar: Grammar) -> tuple[Order, ...]:
    """The orders, first the strongest; a field may be named once."""
    if len(terms) > MOST_TERMS:
        raise Invalid(f"order_by has {len(terms)} terms; at most {MOST_TERMS} are allowed.", field=FIELD)
    orders = tuple(_parse_term(term, grammar) for term in terms)
    seen = set()
    for term, order in zip(terms, orders, strict=True):
        what = (order.entity, order.key, order.aggregate)
        if what in seen:
            message = f"`order_by` contains duplicate fields: name '{short(term)}' once."
            raise Invalid(message, field=FIELD)
        seen.add(what)
    return orders


def _parse_term(term: str, grammar: Grammar) -> Order:
    if not term.strip() or len(term) > LONGEST_TERM:
        raise bad_clause(term, "Write a name and ASC or DESC, as in metrics.loss DESC.", field=FIELD)
    reader = Reader(cut(term, field=FIELD))
    name, aggregate = read_name(reader, field=FIELD)
    direction = reader.took_word("ASC", "DESC")
    left = reader.peek()
    if left is not None:
        advice = f"'{short(left.text)}' may not follow: only ASC or DESC; names with blanks go in back-ticks."
        raise bad_clause(term, advice, field=FIELD)
    entity, key, _ = grammar.resolve(name, field=FIELD)
    check_aggregate(aggregate, entity, name, field=FIELD)
    if entity not in grammar.orderable_entities:
        listed = ", ".join(grammar.orderable_entities)
        raise bad_clause(term, f"{grammar.noun.capitalize()} can be ordered by: {listed}.", field=FIELD)
    return Order(entity, key, direction != "DESC", aggregate or "last")
