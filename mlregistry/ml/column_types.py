"""Decides the type of each column of an all-text Parquet file and gives the SQL that converts it.

Used by csv_text. The conditions are comparisons and casts: regular expressions cost ten times as much, so
they are asked only of values that a cheaper condition has singled out.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from mlregistry.lib.lazily import lazily
from mlregistry.ml import column_counts, duck, odd_values

if TYPE_CHECKING:
    import duckdb
else:
    duckdb = lazily("duckdb")

MISSING = ("", "NA", "N/A", "n/a", "#N/A", "NaN", "nan", "-nan", "-NaN", "NULL", "null", "<NA>", "NaT")
MISSING_NUMBERS = ("None", "none", "-", "--", "?", ".", "*", "missing", "unknown")
BOOLEANS = ("true", "false", "True", "False", "TRUE", "FALSE")
LEADING_ZERO = r"[+-]?0[0-9]+"
LONG_INTEGER = r"[+-]?[0-9]{19,}"
BLANKS = " \t\n\r\xa0"
SQL_TYPES = {
    "integer": "BIGINT",
    "float": "DOUBLE",
    "boolean": "BOOLEAN",
    "datetime": "TIMESTAMP",
    "string": "VARCHAR",
}


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
    connection: duckdb.DuckDBPyConnection,
    raw: Path,
    clean: Path,
    names: list[str],
    wishes: Wishes | None = None,
) -> tuple[Path, list[Choice]]:
    """One choice per column c0, c1, … of `raw`, made on all its rows, and the file that they are made for.

    That is `clean`, to which the values go without blanks and words for missing, or `raw` where it has none of those.
    """
    wishes = wishes or Wishes()
    columns = [f"c{number}" for number in range(len(names))]
    n_rows = column_counts.rows(connection, duck.scan(raw))
    file, spelled = _cleaned(connection, raw, clean, columns, n_rows)
    source = duck.scan(file)
    counted = column_counts.count(connection, source, columns, _counts, n_rows)
    choices = [
        _choose(name, column, [int(n) for n in counts], spelled[column], wishes)
        for name, column, counts in zip(names, columns, counted, strict=True)
    ]
    texts = [
        number
        for number, choice in enumerate(choices)
        if choice.type == "string" and names[number] not in wishes.text
    ]
    samples = odd_values.samples(connection, source, [columns[number] for number in texts])
    for number in texts:
        sample = samples.get(columns[number], [])
        choices[number] = _second_look(
            connection, source, names[number], columns[number], sample, choices[number], wishes
        )
    return file, choices


def _cleaned(
    connection: duckdb.DuckDBPyConnection, raw: Path, clean: Path, columns: list[str], n_rows: int
) -> tuple[Path, dict[str, int]]:
    """The file of clean values, and how many of each column's values only said that there is none."""
    counts = column_counts.count(connection, duck.scan(raw), columns, _plain_counts, n_rows)
    spelled = dict.fromkeys(columns, 0)
    odd = {column: known for column, (known, plain) in zip(columns, counts, strict=True) if known != plain}
    if not odd:
        return raw, spelled
    trimmed = ", ".join(f"trim({column}, {duck.text(BLANKS)}) AS {column}" for column in odd)
    known = ", ".join(
        f"CASE WHEN {column} NOT IN ({_words(MISSING)}) THEN {column} END AS {column}" for column in odd
    )
    connection.execute(
        f"COPY (SELECT * REPLACE ({known}) FROM (SELECT * REPLACE ({trimmed}) FROM {duck.scan(raw)}))"  # noqa: S608  # duck quotes names and paths, the rest is ours
        f" TO {duck.text(clean)} (FORMAT parquet)"
    )
    left = column_counts.count(connection, duck.scan(clean), list(odd), lambda v: [f"count({v})"], n_rows)
    spelled |= {column: odd[column] - n for column, (n,) in zip(odd, left, strict=True)}
    return clean, spelled


def _plain_counts(value: str) -> list[str]:
    return [f"count({value})", f"count(CASE WHEN {is_plain(value)} THEN 1 END)"]


def is_plain(column: str) -> str:
    """No blank before or behind, no word that means missing."""
    blanks = " OR ".join(f"suffix({column}, {duck.text(blank)})" for blank in BLANKS)
    longest = max(map(len, MISSING))
    return (
        f"({column} >= '!' AND NOT ({blanks}) AND NOT starts_with({column}, {duck.text(BLANKS[-1])})"
        f" AND (strlen({column}) > {longest} OR {column} NOT IN ({_words(MISSING)})))"
    )


def _words(words: tuple[str, ...]) -> str:
    return ", ".join(duck.text(word) for word in words)


def is_integer(value: str) -> str:
    return f"strlen({value}) <= 19 AND CAST(TRY_CAST({value} AS BIGINT) AS VARCHAR) = ltrim({value}, '+')"


def is_float(value: str) -> str:
    return (
        f"TRY_CAST({value} AS DOUBLE) IS NOT NULL AND NOT contains({value}, '_')"
        f" AND NOT (strlen({value}) <= 4 AND contains(lower({value}), 'nan'))"
    )


def is_code(value: str) -> str:
    """00123: the zeros before a number mean something."""
    starts = " OR ".join(f"({value} >= '{sign}00' AND {value} < '{sign}0:')" for sign in ("", "-", "+"))
    return f"(({starts}) AND regexp_full_match({value}, '{LEADING_ZERO}'))"


def is_long(value: str) -> str:
    """A key of so many digits that no number type holds it for certain."""
    return f"(strlen({value}) >= 19 AND regexp_full_match({value}, '{LONG_INTEGER}'))"


def is_datetime(value: str) -> str:
    forms = " OR ".join(f"{value} LIKE '____-__-__{time}'" for time in (" __:__%", "", "T__:__%"))
    return f"strlen({value}) >= 10 AND ({forms}) AND TRY_CAST({value} AS TIMESTAMP) IS NOT NULL"


def _counts(value: str) -> list[str]:
    conditions = [
        f"{value} IS NOT NULL",
        f"{value} IN ({_words(MISSING_NUMBERS)})",
        is_integer(value),
        is_code(value),
        is_float(value),
        f"{value} IN ({_words(BOOLEANS)})",
        is_datetime(value),
        is_long(value),
    ]
    # Not FILTER: a CASE asks the second condition only of the rows that the first lets through.
    return [f"count(CASE WHEN {condition} THEN 1 END)" for condition in conditions]


def _choose(name: str, column: str, counts: list[int], n_spelled: int, wishes: Wishes) -> Choice:
    n_known, n_words, n_integer, n_zero, n_float, n_boolean, n_datetime, n_long = counts
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
    expression = column if type == "string" else f"TRY_CAST({column} AS {SQL_TYPES[type]})"
    return Choice(type, expression, _holds(type, column), note, sure=n_known > n_words)


def _holds(type: str, column: str) -> str:
    return {
        "integer": f"{is_integer(column)} AND NOT {is_long(column)}",
        "float": f"{is_float(column)} AND {is_plain(column)} AND NOT {is_code(column)} AND NOT {is_long(column)}",
        "boolean": f"{column} IN ({_words(BOOLEANS)})",
        "datetime": is_datetime(column),
        "string": "true",
    }[type]


def quick(type: str, column: str, number: str) -> str:
    """Implies that the value holds, for a fraction of the cost; `number` is what it was cast to.

    Left to the caller: numbers of 19 digits and more, and an underscore between digits.
    """
    if type == "integer":
        return f"CAST({number} AS VARCHAR) = {column}"
    if type == "float":
        starts = f"({column} >= '1' AND {column} < ':') OR ({column} >= '0.' AND {column} < '0/')"
        return f"{number} IS NOT NULL AND ({starts})"
    return "false"


def _second_look(
    connection: duckdb.DuckDBPyConnection,
    source: str,
    name: str,
    column: str,
    sample: list[str],
    choice: Choice,
    wishes: Wishes,
) -> Choice:
    """Text that turns out to be numbers with decimal commas, or dates in one form of a country."""
    found = odd_values.look(
        connection,
        source,
        column,
        sample,
        decimal=wishes.decimal,
        commas=wishes.decimals_may_be_commas,
    )
    if found is None:
        return choice
    note = f"Column '{name}': {found.note}"
    if found.expression is None:
        return replace(choice, note=note)
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
