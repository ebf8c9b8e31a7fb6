"""Numbers with decimal commas and dates in the forms of countries, found in columns of text. Used by column_types.

What is not the same in every row, or could be read in two ways, stays text; the note says so.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mlregistry.lib.lazily import lazily
from mlregistry.ml import duck

if TYPE_CHECKING:
    import duckdb
else:
    duckdb = lazily("duckdb")

SAMPLE = 200
BATCH = 500
COMMA = r"[+-]?([0-9]{1,3}(\.[0-9]{3})+|[0-9]+)(,[0-9]+)?"
THOUSANDS = r"[+-]?[0-9]{1,3}(,[0-9]{3})+"
DATES = {
    "%Y-%m-%d": r"[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}",
    "%d.%m.%Y": r"[0-9]{1,2}\.[0-9]{1,2}\.[0-9]{4}",
    "%d/%m/%Y": r"[0-9]{1,2}/[0-9]{1,2}/[0-9]{4}",
    "%m/%d/%Y": r"[0-9]{1,2}/[0-9]{1,2}/[0-9]{4}",
    "%d-%m-%Y": r"[0-9]{1,2}-[0-9]{1,2}-[0-9]{4}",
    "%Y/%m/%d": r"[0-9]{4}/[0-9]{1,2}/[0-9]{1,2}",
    "%d %B %Y": r"[0-9]{1,2} [A-Za-z]{4,9} [0-9]{4}",
    "%d %b %Y": r"[0-9]{1,2} [A-Za-z]{3} [0-9]{4}",
    "%B %d, %Y": r"[A-Za-z]{4,9} [0-9]{1,2}, [0-9]{4}",
    "%b %d, %Y": r"[A-Za-z]{3} [0-9]{1,2}, [0-9]{4}",
}
SHOWN = {
    "%Y-%m-%d": "2024-01-31", "%d.%m.%Y": "31.01.2024", "%d/%m/%Y": "31/01/2024", "%m/%d/%Y": "01/31/2024",
    "%d-%m-%Y": "31-01-2024", "%Y/%m/%d": "2024/01/31", "%d %B %Y": "31 January 2024", "%d %b %Y": "31 Jan 2024",
    "%B %d, %Y": "January 31, 2024", "%b %d, %Y": "Jan 31, 2024",
}  # fmt: skip


@dataclass(frozen=True)
class Found:
    """What the values are; without an expression the column stays text, and the note says why."""

    type: str
    expression: str | None
    note: str


def samples(connection: duckdb.DuckDBPyConnection, source: str, values: list[str]) -> dict[str, list[str]]:
    """The first texts of each column; one statement reads those of many columns, and one more those with gaps."""
    found: dict[str, list[str]] = {}
    for start in range(0, len(values), BATCH):
        batch = values[start : start + BATCH]
        rows = connection.execute(f"SELECT {', '.join(batch)} FROM {source} LIMIT {SAMPLE}").fetchall()  # noqa: S608  # duck quotes names and paths, the rest is ours
        for value, texts in zip(batch, zip(*rows, strict=True), strict=bool(rows)):
            found[value] = [text for text in texts if text is not None]
            if len(found[value]) < len(texts) == SAMPLE:
                found[value] = _first(connection, source, value)
    return found


def _first(connection: duckdb.DuckDBPyConnection, source: str, value: str) -> list[str]:
    rows = connection.execute(
        f"SELECT v FROM (SELECT {value} AS v FROM {source}) WHERE v IS NOT NULL LIMIT {SAMPLE}"  # noqa: S608  # duck quotes names and paths, the rest is ours
    ).fetchall()
    return [row[0] for row in rows]


def look(
    connection: duckdb.DuckDBPyConnection,
    source: str,
    value: str,
    sample: list[str],
    *,
    decimal: str,
    commas: bool,
) -> Found | None:
    """What the text of `value` really is, of which `sample` are the first; None when it is text."""
    if not sample:
        return None
    if any("," in text for text in sample) and all(re.fullmatch(COMMA, text) for text in sample):
        return _decimal_commas(connection, source, value, decimal=decimal, commas=commas)
    if any(re.fullmatch(pattern, text) for pattern in DATES.values() for text in sample[:20]):
        return _dates(connection, source, value)
    return None


def _decimal_commas(
    connection: duckdb.DuckDBPyConnection, source: str, value: str, *, decimal: str, commas: bool
) -> Found | None:
    counted = connection.execute(
        "SELECT count(v), count(*) FILTER (regexp_full_match(v, ?)),"  # noqa: S608  # duck quotes names and paths, the rest is ours
        " count(*) FILTER (regexp_full_match(v, ?) OR NOT contains(v, ','))"
        f" FROM (SELECT {value} AS v FROM {source})",
        [COMMA, THOUSANDS],
    ).fetchone() or (0, 0, 0)
    n_known, n_comma, n_either = counted
    if n_comma < n_known or decimal == ".":
        return None
    if n_either == n_known and decimal != "," and not commas:
        return Found(
            "string",
            None,
            "values such as 1,234 could be thousands or decimals, so it stays text; name the decimal sign on upload.",
        )
    number = f"replace(replace({value}, '.', ''), ',', '.')"
    guard = f"regexp_full_match({value}, {duck.text(COMMA)})"
    return Found(
        "float",
        f"CASE WHEN {guard} THEN TRY_CAST({number} AS DOUBLE) END",
        "the comma is read as the decimal sign.",
    )


def _dates(connection: duckdb.DuckDBPyConnection, source: str, value: str) -> Found | None:
    parsed = {
        form: f"CASE WHEN regexp_full_match({value}, {duck.text(pattern)})"
        f" THEN try_strptime({value}, {duck.text(form)}) END"
        for form, pattern in DATES.items()
    }
    counts = ", ".join(f"count({expression})" for expression in parsed.values())
    either = f"count(coalesce({', '.join(parsed.values())}))"
    row = connection.execute(f"SELECT count({value}), {either}, {counts} FROM {source}").fetchone() or (0, 0)  # noqa: S608  # duck quotes names and paths, the rest is ours
    n_known, n_dates, each = row[0], row[1], dict(zip(parsed, row[2:], strict=True))
    if not n_known or n_dates < 0.9 * n_known:
        return None
    whole = [form for form, n in each.items() if n == n_known]
    if len(whole) == 1:
        return Found("datetime", parsed[whole[0]], f"dates are read as {SHOWN[whole[0]]}.")
    if whole:
        both = " or ".join(SHOWN[form] for form in whole)
        return Found(
            "string", None, f"the dates could be read as {both}, so it stays text; write 2024-01-31."
        )
    seen = ", ".join(f"{n:,} as {SHOWN[form]}" for form, n in each.items() if n)
    rest = f", {n_known - n_dates:,} as none of them" if n_dates < n_known else ""
    return Found(
        "string",
        None,
        f"dates stand in several forms ({seen}{rest}), so it stays text; use one, such as 2024-01-31.",
    )
