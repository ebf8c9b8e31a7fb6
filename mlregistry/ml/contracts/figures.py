"""The few figures of each column that types and comparisons rest on, by DuckDB. Called by inference."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from mlregistry.ml import duck

from .parts import Table, free_name

EXACT_ROWS = 200_000
EXACT_DISTINCT = 100_000
NEARLY_UNIQUE = 0.9
SAMPLE_ROWS = 20_000
LONGEST_SHAPE = 40
BATCH = 50


@dataclass(frozen=True)
class Figures:
    """Of one column over all rows; words, dates and shape are those of a sample of the texts.

    A shape has 0 for a digit, A and a for letters, and is set when all look alike: 7590-VHVEG is 0000-AAAAA.
    """

    name: str
    type: str
    n_rows: int
    n_missing: int
    n_distinct: int
    minimum: Any = None
    maximum: Any = None
    max_length: int | None = None
    mean_words: float = 1.0
    share_dates: float = 0.0
    shape: str | None = None

    @property
    def n_known(self) -> int:
        return self.n_rows - self.n_missing


def of_table(table: Table) -> list[Figures]:
    """One per column, in order."""
    found: list[Figures] = []
    names = list(table.types)
    for start in range(0, len(names), BATCH):
        batch = names[start : start + BATCH]
        expressions = [_expressions(name, table) for name in batch]
        row = table.one(", ".join(part for parts in expressions for part in parts))
        for place, name in enumerate(batch):
            n_known, n_distinct, low, high, longest = row[5 * place : 5 * place + 5]
            found.append(
                Figures(
                    name, table.types[name], table.n_rows, table.n_rows - n_known, min(n_distinct, n_known),
                    low, high, longest,
                )
            )  # fmt: skip
    return [_with_look(column, table) for column in _with_exact_distinct(found, table)]


def _expressions(name: str, table: Table) -> list[str]:
    column, type = duck.name(name), table.types[name]
    distinct = "count(DISTINCT {0})" if table.n_rows <= EXACT_ROWS else "approx_count_distinct({0})"
    parts = [f"count({column})", distinct.format(column)]
    if type == "string":
        return [*parts, "NULL", "NULL", f"max(length({column}))"]
    finite = f" FILTER (isfinite({column}))" if type == "float" else ""
    return [*parts, f"min({column}){finite}", f"max({column}){finite}", "NULL"]


def _with_exact_distinct(found: list[Figures], table: Table) -> list[Figures]:
    """Exact where the number decides something: few values, or a column that may be a key."""
    if table.n_rows <= EXACT_ROWS:
        return found
    exact = [
        column.n_distinct < EXACT_DISTINCT
        or (column.type in ("integer", "string") and column.n_distinct >= NEARLY_UNIQUE * column.n_known)
        for column in found
    ]
    return [
        replace(column, n_distinct=table.one(f"count(DISTINCT {duck.name(column.name)})")[0])
        if wanted
        else column
        for column, wanted in zip(found, exact, strict=True)
    ]


def _with_look(column: Figures, table: Table) -> Figures:
    """With what a repeatable sample says about the texts."""
    if column.type != "string" or not column.n_known:
        return column
    name, counter = duck.name(column.name), free_name(table.types)
    shape = f"left({name}, {LONGEST_SHAPE + 1})"
    for letters, sign in (("[0-9]", "0"), ("[A-Z]", "A"), ("[a-z]", "a")):
        shape = f"regexp_replace({shape}, '{letters}', '{sign}', 'g')"
    every = table.n_rows // SAMPLE_ROWS + 1
    row = table.all(
        f"SELECT avg(length({name}) - length(replace({name}, ' ', '')) + 1),"  # noqa: S608
        f" count(TRY_CAST({name} AS TIMESTAMP)) FILTER (length({name}) >= 8) / count({name}),"
        f" CASE WHEN min({shape}) = max({shape}) THEN min({shape}) END"
        f" FROM (SELECT {name}, row_number() OVER () AS {counter} FROM {{t}}) WHERE hash({counter}) % {every} = 0"
    )[0]
    words, share_dates, alike = row
    if words is None:
        return column
    short = alike is not None and (column.max_length or 0) <= LONGEST_SHAPE
    return replace(column, mean_words=words, share_dates=share_dates, shape=alike if short else None)
