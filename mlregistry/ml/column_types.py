"""Decides the type of each column of an all-text Parquet file and gives the SQL that converts it.

Used by tables.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from mlregistry.lib.lazily import lazily
from mlregistry.ml import duck

if TYPE_CHECKING:
    import duckdb
else:
    duckdb = lazily("duckdb")

MISSING = ("", "NA", "N/A", "n/a", "#N/A", "NaN", "nan", "-nan", "-NaN", "NULL", "null", "<NA>", "NaT")
MISSING_NUMBERS = ("None", "none", "-", "--", "?", ".", "*", "missing", "unknown")
INTEGER = r"[+-]?[0-9]{1,18}"
LEADING_ZERO = r"[+-]?0[0-9]+"
FLOAT = r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]{1,3})?|[+-]?([iI]nf(inity)?|INF|Infinity)"
DATETIME = r"[0-9]{4}-[0-9]{2}-[0-9]{2}([ T][0-9]{2}:[0-9]{2}.*)?"
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
    """The type of one column, the SQL expression that yields it, and what a person should know about it."""

    type: str
    expression: str
    note: str | None


def choose(connection: duckdb.DuckDBPyConnection, raw: Path, names: list[str]) -> list[Choice]:
    """One choice per column c0, c1, … of `raw`, made on all rows."""
    choices = []
    for start in range(0, len(names), BATCH):
        numbers = range(start, min(start + BATCH, len(names)))
        parts = ", ".join(part for number in numbers for part in _counts(f"c{number}"))
        row = connection.execute(f"SELECT {parts} FROM read_parquet({duck.text(raw)})").fetchone() or ()  # noqa: S608
        width = len(_counts("c0"))
        for place, number in enumerate(numbers):
            counts = [int(count) for count in row[place * width : (place + 1) * width]]
            choices.append(_choose(names[number], f"c{number}", counts))
    return choices


def _clean(column: str) -> str:
    return f"trim({column}, ' ' || chr(9) || chr(10) || chr(13) || chr(160))"


def _known(column: str) -> str:
    return f"CASE WHEN {_clean(column)} NOT IN ({_words(MISSING)}) THEN {_clean(column)} END"


def _words(words: tuple[str, ...]) -> str:
    return ", ".join(duck.text(word) for word in words)


def _counts(column: str) -> list[str]:
    value = _known(column)
    conditions = [
        f"({value}) IS NOT NULL",
        f"{column} IS NOT NULL AND ({value}) IS NULL",
        f"({value}) IN ({_words(MISSING_NUMBERS)})",
        f"regexp_full_match({value}, '{INTEGER}')",
        f"regexp_full_match({value}, '{LEADING_ZERO}')",
        f"regexp_full_match({value}, '{FLOAT}') AND TRY_CAST(({value}) AS DOUBLE) IS NOT NULL",
        f"lower({value}) IN ('true', 'false')",
        f"regexp_full_match({value}, '{DATETIME}') AND TRY_CAST(({value}) AS TIMESTAMP) IS NOT NULL",
        f"regexp_full_match({value}, '[+-]?[0-9]{{19,}}')",
    ]
    return [f"count(*) FILTER ({condition})" for condition in conditions]


def _choose(name: str, column: str, counts: list[int]) -> Choice:
    n_known, n_spelled, n_words, n_integer, n_zero, n_float, n_boolean, n_datetime, n_long = counts
    type = _type(n_known, n_words, n_integer, n_zero, n_float, n_boolean, n_datetime, n_long)
    value = _known(column)
    note = None
    if type in ("integer", "float"):
        n_spelled += n_words
    elif type == "string" and n_known and n_float / n_known >= 0.9 and not n_zero and not n_long:
        note = (
            f"Column '{name}': {n_known - n_float:,} of {n_known:,} values are not numbers, so it stays text."
        )
    if n_spelled:
        note = f"Column '{name}': {n_spelled:,} blank or placeholder values count as missing."
    expression = value if type == "string" else f"TRY_CAST(({value}) AS {SQL_TYPES[type]})"
    return Choice(type, expression, note)


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
