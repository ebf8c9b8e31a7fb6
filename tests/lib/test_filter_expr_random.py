"""Filters made at random: a tree comes back from its own text, and no text breaks the parser."""

from hypothesis import given, settings
from hypothesis import strategies as st

from mlregistry.errors import Invalid
from mlregistry.lib.filter_expr import (
    EXPERIMENTS,
    LOGGED_MODELS,
    MODEL_VERSIONS,
    REGISTERED_MODELS,
    RUNS,
    And,
    Comparison,
    Expression,
    Grammar,
    Not,
    Or,
    parse,
    parse_order,
)

GRAMMARS = (RUNS, EXPERIMENTS, REGISTERED_MODELS, MODEL_VERSIONS, LOGGED_MODELS)


def _written(expression: Expression) -> str:
    """The text of a tree, every part in parentheses."""
    if isinstance(expression, Not):
        return f"NOT ({_written(expression.part)})"
    if isinstance(expression, And | Or):
        word = " AND " if isinstance(expression, And) else " or "
        return word.join(f"({_written(part)})" for part in expression.parts)
    name = expression.key if expression.entity == "attribute" else f'{expression.entity}."{expression.key}"'
    if expression.aggregate != "last":
        name = f"{expression.aggregate}({name})"
    if expression.value is None:
        return f"{name} {expression.operator}"
    return f"{name} {expression.operator} {_value(expression.value)}"


def _value(value: object) -> str:
    if isinstance(value, tuple):
        escaped = (each.replace("\\", "\\\\").replace("'", "\\'") for each in value)
        return "(" + ",".join(f"'{each}'" for each in escaped) + ")"
    return f"'{value}'" if isinstance(value, str) else repr(value)


ANY_TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=20)
# A backslash before the closing quote belongs to the text for sqlparse, so no text that ends in one can be written.
LISTED = ANY_TEXT.filter(lambda text: not text.endswith("\\"))
PLAIN = LISTED.filter(lambda text: "'" not in text)
KEYS = st.text(
    st.characters(exclude_categories=("Cs", "Cc"), exclude_characters="\"'`\\"), min_size=1, max_size=12
)
COMPARISONS = st.one_of(
    st.builds(
        Comparison,
        st.just("metric"),
        KEYS,
        st.sampled_from(["=", "!=", "<", "<=", ">", ">="]),
        st.floats(allow_nan=False, allow_infinity=False),
        st.sampled_from(["last", "min", "max", "best"]),
    ),
    st.builds(
        Comparison,
        st.sampled_from(["param", "tag"]),
        KEYS,
        st.sampled_from(["=", "!=", "LIKE", "NOT ILIKE"]),
        PLAIN,
    ),
    st.builds(
        Comparison,
        st.sampled_from(["param", "tag"]),
        KEYS,
        st.sampled_from(["IN", "NOT IN"]),
        st.lists(LISTED, min_size=1, max_size=4).map(tuple),
    ),
    st.builds(
        Comparison,
        st.sampled_from(["param", "tag"]),
        KEYS,
        st.sampled_from(["IS NULL", "IS NOT NULL"]),
        st.none(),
    ),
    st.builds(
        Comparison, st.just("attribute"), st.just("start_time"), st.sampled_from(["=", ">"]), st.integers()
    ),
)


def _grown(inner: st.SearchStrategy[Expression]) -> st.SearchStrategy[Expression]:
    several = st.lists(inner, min_size=2, max_size=4).map(tuple)
    return st.one_of(st.builds(Not, inner), st.builds(And, several), st.builds(Or, several))


@settings(max_examples=200, deadline=None)
@given(st.recursive(COMPARISONS, _grown, max_leaves=12))
def test_a_tree_written_as_text_is_read_back_the_same(expression: Expression) -> None:
    assert parse(_written(expression), RUNS) == expression


WORDS = """metrics.a params. tags.`a` min( ( ) , ' " ` AND OR NOT IN IS NULL LIKE RLIKE = > != 1 -1.5e3 'x' \\ \\'
    run_id dataset.name ; . é [ 1_0"""
PIECES = st.sampled_from([*WORDS.split(), "\0", "\ud800"])


@settings(max_examples=300, deadline=None)
@given(
    st.one_of(
        st.text(st.characters(), max_size=60),
        st.binary(max_size=60).map(lambda raw: raw.decode("latin-1")),
        st.lists(PIECES, max_size=14).map(" ".join),
        st.lists(PIECES, max_size=14).map("".join),
    ),
    st.sampled_from(GRAMMARS),
)
def test_no_text_raises_anything_but_invalid(text: str, grammar: Grammar) -> None:
    for field, read in (
        ("filter", lambda: parse(text, grammar)),
        ("order_by", lambda: parse_order([text], grammar)),
    ):
        refused = None
        try:
            read()
        except Invalid as error:
            refused = error
        assert refused is None or (refused.field == field and len(refused.message) < 1_000)
