"""Decides the type of each column of an all-text Parquet file and gives the SQL that converts it.

Used by csv_text. The conditions are comparisons and casts: regular expressions cost ten times as much, so
they are asked only of values that a cheaper condition has singled out.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from mlregistry.lib.lazily import lazily
from mlregistry.ml import duck, odd_values

if TYPE_CHECKING:
    import duckdb
else:
    duckdb = lazily("duckdb")

MISSING = ("", "NA", "N/A", "n/a", "#N/A", "NaN", "nan", "-nan", "-NaN", "NULL", "null", "<NA>", "NaT")
MISSING_NUMBERS = ("None", "none", "-", "--", "?", ".", "*", "missing", "unknown")
BOOLEANS = ("true", "false", "True", "False", "TRUE", "FALSE")
LEADING_ZERO = r"[+-]?0[0-9]+"
LONG_INTEGER = r"[+-]?[0-9]{19,}"
DATETIME = r"[0-9]{4}-[0-9]{2}-[0-9]{2}([ T][0-9]{2}:[0-9]{2}.*)?"
BLANKS = "' ' || chr(9) || chr(10) || chr(13) || chr(160)"
SQL_TYPES = {
    "integer": "BIGINT",
    "float": "DOUBLE",
    "boolean": "BOOLEAN",
    "datetime": "TIMESTAMP",
    "string": "VARCHAR",
}
BATCH = 40


@dataclass(frozen=True)
class Choice:
    """The type of one column, the SQL expression that yields it, and what a person should know about it.

    `holds` is true of a value that the expression yields without a loss, for rows that were not looked at.
    """

    type: str
    expression: str
    holds: str
    note: str | None
    sure: bool = True
    """False when other rows could still make it another type."""


@dataclass(frozen=True)
class Wishes:
    """What is known beforehand: columns to leave as text, and the sign before decimals."""

    text: frozenset[str] = frozenset()
    decimal: str = ""
    decimals_may_be_commas: bool = False


def choose(
    connection: duckdb.DuckDBPyConnection, raw: Path, names: list[str], wishes: Wishes | None = None
) -> list[Choice]:
    """One choice per column c0, c1, … of `raw`, made on all its rows."""
    wishes = wishes or Wishes()
    choices: list[Choice] = []
    source = duck.scan(raw)
    for start in range(0, len(names), BATCH):
        numbers = range(start, min(start + BATCH, len(names)))
        known = ", ".join(f"c{number}, {_known(f'c{number}')} AS k{number}" for number in numbers)
        parts = ", ".join(part for number in numbers for part in _counts(f"c{number}", f"k{number}"))
        row = connection.execute(f"SELECT {parts} FROM (SELECT {known} FROM {source})").fetchone() or ()  # noqa: S608
        width = len(row) // len(numbers)
        for place, number in enumerate(numbers):
            counts = [int(count) for count in row[place * width : (place + 1) * width]]
            choices.append(_choose(names[number], f"c{number}", counts, wishes))
    return [
        _second_look(connection, source, names[number], number, choice, wishes)
        for number, choice in enumerate(choices)
    ]


def _known(column: str) -> str:
    """The value without blanks around it, NULL when it says that there is none."""
    clean = f"trim({column}, {BLANKS})"
    return f"CASE WHEN {clean} NOT IN ({_words(MISSING)}) THEN {clean} END"


def _words(words: tuple[str, ...]) -> str:
    return ", ".join(duck.text(word) for word in words)


def is_integer(value: str) -> str:
    return f"CAST(TRY_CAST({value} AS BIGINT) AS VARCHAR) = ltrim({value}, '+') AND strlen({value}) <= 19"


def is_float(value: str) -> str:
    return f"TRY_CAST({value} AS DOUBLE) IS NOT NULL AND NOT contains({value}, '_') AND NOT isnan(TRY_CAST({value} AS DOUBLE))"


def is_code(value: str) -> str:
    """00123: the zeros before a number mean something."""
    bare = f"ltrim({value}, '+-')"
    return f"({bare} >= '00' AND {bare} < '0:' AND regexp_full_match({value}, '{LEADING_ZERO}'))"


def is_long(value: str) -> str:
    """A key of so many digits that no number type holds it for certain."""
    return f"(strlen({value}) >= 19 AND regexp_full_match({value}, '{LONG_INTEGER}'))"


def is_datetime(value: str) -> str:
    return (
        f"strlen({value}) >= 10 AND TRY_CAST({value} AS TIMESTAMP) IS NOT NULL"
        f" AND regexp_full_match({value}, '{DATETIME}')"
    )


def is_placeholder(column: str) -> str:
    """Blanks around a value, or a word that means missing."""
    longest = max(map(len, MISSING))
    return f"strlen({column}) <= {longest} AND {column} IN ({_words(MISSING)}) OR trim({column}, {BLANKS}) <> {column}"


def _counts(column: str, value: str) -> list[str]:
    conditions = [
        f"{value} IS NOT NULL",
        f"{column} IS NOT NULL AND {value} IS NULL",
        f"{value} IN ({_words(MISSING_NUMBERS)})",
        is_integer(value),
        is_code(value),
        is_float(value),
        f"{value} IN ({_words(BOOLEANS)})",
        is_datetime(value),
        is_long(value),
    ]
    return [f"count(*) FILTER ({condition})" for condition in conditions]


def _choose(name: str, column: str, counts: list[int], wishes: Wishes) -> Choice:
    n_known, n_spelled, n_words, n_integer, n_zero, n_float, n_boolean, n_datetime, n_long = counts
    type = _type(n_known, n_words, n_integer, n_zero, n_float, n_boolean, n_datetime, n_long)
    if name in wishes.text:
        type = "string"
    note = None
    if type in ("integer", "float"):
        n_spelled += n_words
    elif type == "string" and n_known and n_float / n_known >= 0.9 and not n_zero and not n_long:
        note = (
            f"Column '{name}': {n_known - n_float:,} of {n_known:,} values are not numbers, so it stays text."
        )
    if n_spelled:
        note = f"Column '{name}': {n_spelled:,} blank or placeholder values count as missing."
    return replace(made(type, column, note), sure=n_known > n_words)


def made(type: str, column: str, note: str | None = None) -> Choice:
    """The choice of one of the plain types for a column of text."""
    value = _known(column)
    missing = f"({value}) IS NULL"
    if type in ("integer", "float"):
        missing = f"({missing} OR ({value}) IN ({_words(MISSING_NUMBERS)}))"
    holds = {
        "integer": f"{is_integer(column)} AND NOT {is_long(column)}",
        "float": f"{is_float(column)} AND NOT {is_code(column)} AND NOT {is_long(column)}",
        "boolean": f"{column} IN ({_words(BOOLEANS)})",
        "datetime": is_datetime(column),
        "string": "true",
    }[type]
    expression = value if type == "string" else f"TRY_CAST(({value}) AS {SQL_TYPES[type]})"
    return Choice(type, expression, f"(({holds}) OR {missing})", note)


def _second_look(
    connection: duckdb.DuckDBPyConnection,
    source: str,
    name: str,
    number: int,
    choice: Choice,
    wishes: Wishes,
) -> Choice:
    """Text that turns out to be numbers with decimal commas, or dates in one form of a country."""
    if choice.type != "string" or name in wishes.text:
        return choice
    found = odd_values.look(
        connection,
        source,
        f"({_known(f'c{number}')})",
        decimal=wishes.decimal,
        commas=wishes.decimals_may_be_commas,
    )
    if found is None:
        return choice
    note = f"Column '{name}': {found.note}"
    if found.expression is None:
        return Choice(choice.type, choice.expression, choice.holds, note)
    return Choice(found.type, found.expression, f"({found.expression}) IS NOT NULL", note)


def _type(
    n_known: int,
    n_words: int,
    n_integer: int,
    n_zero: int,
    n_float: int,
    n_boolean: int,
    n_datetime: int,
    n_long: int,
) -> str:
    if not n_known:
        return "string"
    n_numbers = n_known - n_words
    # Codes such as 00123 and keys of 20 digits would lose digits as numbers.
    if n_numbers and not n_zero and not n_long:
        if n_integer == n_numbers:
            return "integer"
        if n_float == n_numbers:
            return "float"
    if n_boolean == n_known:
        return "boolean"
    return "datetime" if n_datetime == n_known else "string"
