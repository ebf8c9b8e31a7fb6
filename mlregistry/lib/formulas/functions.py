"""What a formula may call: each operator and function with the types it takes and gives.

The parser asks for the number of arguments, the type check for their types; the evaluation is in ml/steps.
"""

from __future__ import annotations

from dataclasses import dataclass

NUMBER, BOOLEAN, TEXT, TIME, ANY = "number", "boolean", "text", "time", "any"


@dataclass(frozen=True, slots=True)
class Function:
    """`takes`: one type per argument, the last again for more; any: alike with the other arguments of any."""

    takes: tuple[str, ...]
    gives: str  # "any": the type of the arguments that take any
    least: int
    most: int
    text: str = ""


def _function(takes: str, gives: str, text: str, *, least: int = 0, most: int = 0) -> Function:
    types = tuple(takes.split())
    return Function(types, gives, least or len(types), most or len(types), text)


OPERATORS: dict[str, Function] = {
    **{sign: _function("number number", NUMBER, "") for sign in ("+", "-", "*", "/", "%", "**")},
    **{sign: _function("any any", BOOLEAN, "") for sign in ("==", "!=", "<", "<=", ">", ">=")},
    "and": _function("boolean boolean", BOOLEAN, ""),
    "or": _function("boolean boolean", BOOLEAN, ""),
    "not": _function("boolean", BOOLEAN, ""),
    "negative": _function("number", NUMBER, ""),
}
FUNCTIONS: dict[str, Function] = {
    "abs": _function("number", NUMBER, "without its sign"),
    "log": _function("number", NUMBER, "natural logarithm; missing at 0 and below"),
    "log1p": _function("number", NUMBER, "log(1 + x); missing at -1 and below"),
    "exp": _function("number", NUMBER, "e to the power of x"),
    "sqrt": _function("number", NUMBER, "square root; missing below 0"),
    "round": _function("number", NUMBER, "to the nearest whole number, halves to the even one"),
    "floor": _function("number", NUMBER, "down to a whole number"),
    "ceil": _function("number", NUMBER, "up to a whole number"),
    "sign": _function("number", NUMBER, "-1, 0 or 1"),
    "min": _function("number number", NUMBER, "the smallest; missing if one is missing", most=20),
    "max": _function("number number", NUMBER, "the largest; missing if one is missing", most=20),
    "clip": _function("number number number", NUMBER, "clip(x, low, high)"),
    "if": _function("boolean any any", ANY, "if(condition, then, else); a missing condition takes the else"),
    "isnull": _function("any", BOOLEAN, "true where missing"),
    "coalesce": _function("any any", ANY, "the first that is not missing", most=20),
    "lower": _function("text", TEXT, "in small letters"),
    "upper": _function("text", TEXT, "in capitals"),
    "trim": _function("text", TEXT, "without blanks at both ends"),
    "len": _function("text", NUMBER, "number of characters"),
    "contains": _function("text text", BOOLEAN, "contains(text, piece)"),
    "starts_with": _function("text text", BOOLEAN, "starts_with(text, piece)"),
    "days_between": _function("time time", NUMBER, "days from the first time to the second"),
    "date": _function("text", TIME, "the time in a text such as '2024-01-31'"),
    "year": _function("time", NUMBER, ""),
    "quarter": _function("time", NUMBER, "1 to 4"),
    "month": _function("time", NUMBER, "1 to 12"),
    "day": _function("time", NUMBER, "of the month"),
    "weekday": _function("time", NUMBER, "Monday is 0"),
    "hour": _function("time", NUMBER, ""),
}
