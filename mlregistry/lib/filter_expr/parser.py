"""A filter's text parsed into its tree, in one pass. Called by every search."""

from __future__ import annotations

from mlregistry.errors import Invalid
from mlregistry.lib.filter_expr.comparisons import FIELD, read_comparison
from mlregistry.lib.filter_expr.grammars import Grammar
from mlregistry.lib.filter_expr.nodes import And, Expression, Not, Or
from mlregistry.lib.filter_expr.tokens import Reader, Token, bad_clause, cut

LONGEST_FILTER = 100_000
DEEPEST = 50
MOST_COMPARISONS = 500


def parse(text: str | None, grammar: Grammar) -> Expression | None:
    """The tree of the filter; None when there is nothing in it. NOT binds closer than AND, AND than OR.

    What is wrong is Invalid, whose `place` says where in the text.
    """
    if text is None or not text.strip():
        return None
    if len(text) > LONGEST_FILTER:
        found = f"The filter has {len(text):,} characters; at most {LONGEST_FILTER:,} are allowed."
        raise Invalid(f"{found} Search in several requests.", field=FIELD)
    tokens = _without_loose_ands(cut(text, field=FIELD))
    if not tokens:
        return None
    reader = Reader(tokens)
    try:
        return _whole(reader, grammar)
    except Invalid as error:
        error.place = reader.place() or (len(text), len(text))
        raise


def _whole(reader: Reader, grammar: Grammar) -> Expression:
    expression = _any_of(reader, grammar, 0)
    left = reader.peek()
    if left is not None:
        raise _left_over(left)
    return expression


def _without_loose_ands(tokens: list[Token]) -> list[Token]:
    """Clients join a blank filter and their own by AND; such an AND at either end means nothing."""
    first, last = 0, len(tokens)
    while first < last and tokens[first].word == "AND":
        first += 1
    while first < last and tokens[last - 1].word == "AND":
        last -= 1
    return tokens[first:last]


def _left_over(token: Token) -> Invalid:
    if token.text.startswith(";"):
        message = "Search filter contained multiple expression: take the ';' out and join them by AND or OR."
        return Invalid(message, field=FIELD)
    return bad_clause(token.text, "Only AND, OR or the end may follow a comparison.", field=FIELD)


def _any_of(reader: Reader, grammar: Grammar, depth: int) -> Expression:
    parts = [_all_of(reader, grammar, depth)]
    while reader.took_word("OR"):
        parts.append(_all_of(reader, grammar, depth))
    return parts[0] if len(parts) == 1 else Or(tuple(parts))


def _all_of(reader: Reader, grammar: Grammar, depth: int) -> Expression:
    parts = [_one(reader, grammar, depth)]
    while reader.took_word("AND"):
        parts.append(_one(reader, grammar, depth))
    return parts[0] if len(parts) == 1 else And(tuple(parts))


def _one(reader: Reader, grammar: Grammar, depth: int) -> Expression:
    if depth > DEEPEST:
        raise Invalid(f"The filter is nested deeper than {DEEPEST} levels: write it flatter.", field=FIELD)
    if reader.took_word("NOT"):
        return Not(_one(reader, grammar, depth + 1))
    if reader.took_mark("("):
        inner = _any_of(reader, grammar, depth + 1)
        if not reader.took_mark(")"):
            left = reader.peek()
            raise bad_clause(left.text if left else "(", "A ')' is missing there.", field=FIELD)
        return inner
    reader.comparisons += 1
    if reader.comparisons > MOST_COMPARISONS:
        message = (
            f"The filter has more than {MOST_COMPARISONS} comparisons: use IN lists or several requests."
        )
        raise Invalid(message, field=FIELD)
    return read_comparison(reader, grammar)
