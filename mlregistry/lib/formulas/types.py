"""Whether the types in a formula fit, before a row is read. Called by recipes, with the types of the columns."""

from __future__ import annotations

from collections.abc import Mapping

from mlregistry.errors import Invalid
from mlregistry.lib.formulas.functions import ANY, BOOLEAN, FUNCTIONS, NUMBER, OPERATORS, TIME, Function
from mlregistry.lib.formulas.tokens import FIELD
from mlregistry.lib.formulas.trees import Tree

NULL = "null"
ORDERS = ("<", "<=", ">", ">=")
NAMES_OF_TYPES = {
    "number": "a number", "boolean": "true or false", "text": "text", "time": "a time", NULL: "nothing",
}  # fmt: skip


def check(tree: Tree, types: Mapping[str, str]) -> str:
    """The type that the formula gives (number, boolean, text or time); Invalid names what does not fit."""
    found = _type(tree, types)
    if found == NULL:
        raise Invalid("The formula is missing in every row.", field=FIELD)
    return found


def _type(tree: Tree, types: Mapping[str, str]) -> str:
    kind = str(tree[0])
    if kind != "call":
        return _column(str(tree[1]), types) if kind == "column" else kind
    name, given = str(tree[1]), [_type(part, types) for part in tree[2:]]
    known = OPERATORS.get(name) or FUNCTIONS[name]
    alike = NULL
    for place, found in enumerate(given):
        wanted = known.takes[min(place, len(known.takes) - 1)]
        if wanted == ANY:
            alike = _alike(name, alike, found)
        elif not _fits(found, wanted):
            raise Invalid(
                f"{_title(name)} needs {NAMES_OF_TYPES[wanted]}, not {NAMES_OF_TYPES[found]}.", field=FIELD
            )
    if name in ORDERS and alike == BOOLEAN:
        raise Invalid(f"{name} compares numbers, texts or times, not true and false.", field=FIELD)
    if name == "date" and tree[2][0] != "text":
        raise Invalid("date() takes a quoted text such as '2024-01-31'.", field=FIELD)
    return alike if known.gives == ANY else known.gives


def _column(name: str, types: Mapping[str, str]) -> str:
    if name not in types:
        raise Invalid(f"There is no column '{name[:100]}' at this step.", field=FIELD)
    return types[name]


def _fits(found: str, wanted: str) -> bool:
    return found in (wanted, NULL) or (wanted, found) == (NUMBER, BOOLEAN)


def _alike(name: str, first: str, second: str) -> str:
    """The type that both arguments have; true and false beside a number count as 1 and 0."""
    if first == second or second == NULL:
        return first
    if first == NULL:
        return second
    if {first, second} == {NUMBER, BOOLEAN}:
        return NUMBER
    raise Invalid(
        f"{_title(name)} cannot mix {NAMES_OF_TYPES[first]} with {NAMES_OF_TYPES[second]}"
        + ("; write date('2024-01-31') for a time." if TIME in (first, second) else "."),
        field=FIELD,
    )


def _title(name: str) -> str:
    known: Function | None = OPERATORS.get(name)
    return f"'{name}'" if known and name != "negative" else "'-'" if known else f"{name}()"
