"""One comparison of a filter: its name, operator and value, and whether they fit. Called by the parser."""

from __future__ import annotations

import math
import re

from mlregistry.errors import Invalid
from mlregistry.lib.filter_expr.grammars import NULL_OPERATORS, Grammar
from mlregistry.lib.filter_expr.nodes import AGGREGATES, Comparison
from mlregistry.lib.filter_expr.tokens import Reader, Token, bad_clause, short

FIELD = "filter"
LONGEST_PATTERN = 200
LONGEST_INTEGER = 100
_ESCAPE = re.compile(r"\\([\\'\"ntr])|''|\"\"")
_ESCAPED = {"\\": "\\", "'": "'", '"': '"', "n": "\n", "t": "\t", "r": "\r"}


def read_comparison(reader: Reader, grammar: Grammar) -> Comparison:
    """The next comparison, checked against the grammar."""
    name_at = reader.at
    name, aggregate = read_name(reader, field=FIELD)
    operator_at = reader.at
    operator = _read_operator(reader, name)
    following = reader.peek()
    if following is not None and following.word in ("TRUE", "FALSE"):
        raise bad_clause(following.text, f"Compare '{short(name)}' with a quoted string.", field=FIELD)
    reader.seen = name_at + 2 * bool(aggregate)
    entity, key, kind = grammar.resolve(name, field=FIELD)
    check_aggregate(aggregate, entity, name, field=FIELD)
    value: str | float | int | tuple[str, ...] | None = None
    if operator in NULL_OPERATORS:
        if entity not in ("tag", "param"):
            message = f"IS NULL / IS NOT NULL is only supported for tags and params, not for '{short(name)}'."
            raise Invalid(message, field=FIELD)
    elif kind == "number":
        value = _read_number(reader, entity, name)
    elif operator in ("IN", "NOT IN"):
        value = _read_list(reader, name)
    else:
        value = _read_text(reader, entity, name, bare_numbers=grammar.numbers_as_text)
    value_at, reader.seen = reader.at - 1, operator_at
    _check_operator(operator, grammar.operators(entity, kind), name)
    if operator in ("RLIKE", "NOT RLIKE"):
        reader.seen = value_at
        _check_pattern(str(value))
    return Comparison(entity, key, operator, value, aggregate or "last")


def read_name(reader: Reader, *, field: str) -> tuple[str, str]:
    """(name as written, aggregate or ""), as in `metrics.loss` and `min(metrics.loss)`."""
    following = reader.peek(1)
    aggregate = ""
    if following is not None and following.text == "(":
        aggregate = reader.took_word(*(each.upper() for each in AGGREGATES)).lower()
        if aggregate:
            reader.took_mark("(")
    token = reader.take()
    if token is None:
        raise bad_clause("", "It ends where a name such as metrics.loss is expected.", field=field)
    if token.kind != "name" or token.word in ("AND", "OR"):
        message = f"Invalid comparison clause. Expected 'Identifier' found '{short(token.text)}'."
        raise Invalid(f"{message} A name such as metrics.loss comes first.", field=field)
    if aggregate and not reader.took_mark(")"):
        raise bad_clause(f"{aggregate}({token.text}", "Close it with ')' after the name.", field=field)
    return token.text, aggregate


def check_aggregate(aggregate: str, entity: str, name: str, *, field: str) -> None:
    """Only a metric has a history to aggregate."""
    if aggregate and entity != "metric":
        piece = f"{aggregate}({name})"
        raise bad_clause(
            piece, f"{aggregate}() is for metrics, as in {aggregate}(metrics.loss).", field=field
        )


def _read_operator(reader: Reader, name: str) -> str:
    token = reader.peek()
    if token is not None and token.kind == "operator":
        reader.take()
        return token.text
    if reader.took_word("IS"):
        words = "IS NOT" if reader.took_word("NOT") else "IS"
        if reader.took_word("NULL"):
            return f"{words} NULL"
        raise bad_clause(f"{name} {words}", "After IS comes NULL or NOT NULL.", field=FIELD)
    negated = "NOT " if reader.took_word("NOT") else ""
    operator = reader.took_word("LIKE", "ILIKE", "RLIKE", "IN")
    if operator:
        return negated + operator
    found = reader.peek()
    piece = f"{name} {negated}{found.text if found else ''}".rstrip()
    advice = (
        "A comparator such as = is expected after the name; a key with other characters goes in back-ticks."
    )
    raise bad_clause(piece, advice, field=FIELD)


def _read_number(reader: Reader, entity: str, name: str) -> float | int:
    token = _read_value(reader, name)
    what = "metric" if entity == "metric" else f"numeric attribute: {short(name)}"
    if token.kind != "number":
        message = f"Expected numeric value type for {what}. Found {short(token.text)}. Write a bare number."
        raise Invalid(message, field=FIELD)
    if entity == "metric":
        return float(token.text)
    if len(token.text) <= LONGEST_INTEGER and re.fullmatch(r"[-+]?[0-9]+", token.text):
        return int(token.text)
    number = float(token.text)
    if not math.isfinite(number):
        raise Invalid(
            f"Expected numeric value type for {what}. {short(token.text)} is too large.", field=FIELD
        )
    return number


def _read_text(reader: Reader, entity: str, name: str, *, bare_numbers: bool) -> str:
    token = _read_value(reader, name)
    if _is_string(token):
        return token.text[1:-1]
    if token.kind == "number" and bare_numbers:
        return token.text
    if token.kind == "operator":
        raise bad_clause(token.text, f"Compare '{short(name)}' with a quoted string.", field=FIELD)
    what = "attributes" if entity == "attribute" else entity
    if token.kind == "name" and token.word != "NULL":
        message = (
            "Parameter value is either not quoted or unidentified quote types used for string value"
            f" {short(token.text)}. Put it in single or double quotes."
        )
        raise Invalid(message, field=FIELD)
    expected = f"Expected a quoted string value for {what} (e.g. 'my-value')."
    if token.kind == "mark":
        expected = f"{expected} A list follows IN or NOT IN."
    raise Invalid(f"{expected} Got value {short(token.text)}", field=FIELD)


def _read_list(reader: Reader, name: str) -> tuple[str, ...]:
    """Quoted strings between parentheses; inside them \\' and '' stand for a quote."""
    found: list[str] = []
    if not reader.took_mark("("):
        raise _bad_list(reader.peek(), name)
    while True:
        token = reader.take()
        if token is None or not _is_string(token):
            raise _bad_list(token, name, empty=not found)
        found.append(_ESCAPE.sub(_unescape, token.text[1:-1]))
        comma = reader.took_mark(",")
        if reader.took_mark(")"):
            return tuple(found)
        if not comma:
            raise _bad_list(reader.peek(), name)


def _bad_list(at: Token | None, name: str, *, empty: bool = False) -> Invalid:
    """The error for what stands in place of a value, a comma or the end of a list."""
    advice = f"After {short(name)} IN comes a list of quoted strings, as in ('a', 'b')."
    if at is None:
        return bad_clause(name, advice, field=FIELD)
    if at.kind == "mark":
        what = "empty" if empty and at.text == ")" else "ill-formed"
        wrong = f"expected a non-empty list of string values, but got {what} list"
    else:
        wrong = "expected string value, punctuation, or whitespace, but got different type in list"
    message = f"While parsing a list in the query, {wrong} at '{short(at.text)}'. {advice}"
    return Invalid(message, field=FIELD)


def _read_value(reader: Reader, name: str) -> Token:
    token = reader.take()
    if token is None:
        raise bad_clause(name, "It ends where a value is expected.", field=FIELD)
    return token


def _is_string(token: Token) -> bool:
    """A value in double quotes was cut as a name; one of several parts is no value."""
    if token.kind == "string":
        return True
    return token.kind == "name" and re.fullmatch(r'"(?:""|\\"|[^"])*"', token.text) is not None


def _unescape(match: re.Match[str]) -> str:
    return _ESCAPED[match[1]] if match[1] else match[0][0]


def _check_operator(operator: str, fitting: tuple[str, ...], name: str) -> None:
    if operator not in fitting:
        listed = ", ".join(fitting)
        raise Invalid(
            f"Invalid comparator '{short(operator)}' for '{short(name)}'. Use one of: {listed}.", field=FIELD
        )


def _check_pattern(pattern: str) -> None:
    if len(pattern) > LONGEST_PATTERN:
        found = f"{len(pattern):,} characters; at most {LONGEST_PATTERN} are allowed"
        raise Invalid(f"The regular expression '{short(pattern)}' has {found}.", field=FIELD)
    try:
        re.compile(pattern)
    except (re.error, OverflowError, RecursionError) as error:
        raise Invalid(f"The regular expression '{short(pattern)}' is wrong: {error}.", field=FIELD) from error
