"""The check of a table against a recommendation: users, items, ratings, times. Called by problems.check."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from mlregistry.ml import duck
from mlregistry.ml.findings import Finding, error, warning
from mlregistry.ml.table_info import NUMERIC_TYPES, Column, TableInfo

FEW_PER_USER = 3


def check(
    granularity: Sequence[str], target: str, time: str, info: TableInfo, parts: Sequence[Path]
) -> list[Finding]:
    """What stands against recommending items of this table to its users."""
    named = [("user column", granularity[0]), ("item column", granularity[1]), ("target", target)]
    named.append(("time column", time))
    gone = [(word, name) for word, name in named if name and info.column(name) is None]
    if gone:
        advice = "Rename a column of the table, or change the problem."
        return [error(name, f"The {word} '{name}' is not in the table.", advice) for word, name in gone]
    found: list[Finding] = []
    for word, name in named[:2]:
        found += _check_key(word, _column(info, name), info)
    if target:
        found += _check_rating(_column(info, target), info)
    if time:
        found += _check_time(_column(info, time), info)
    return found or _check_overlap(granularity, parts)


def _column(info: TableInfo, name: str) -> Column:
    column = info.column(name)
    assert column is not None, name  # noqa: S101  # check has looked
    return column


def _check_key(word: str, column: Column, info: TableInfo) -> list[Finding]:
    name = column.name
    if column.type not in ("integer", "string"):
        text = f"The {word} '{name}' holds {column.type} values; it is a text or a whole number."
        return [error(name, text)]
    if column.n_distinct < 2:
        one = word.partition(" ")[0]
        return [
            error(
                name,
                f"The {word} '{name}' holds {column.n_distinct} {one}; there is nothing to tell apart.",
                "Bring interactions of several users with several items.",
            )
        ]
    if column.n_missing:
        text = f"{column.n_missing:,} of {info.n_rows:,} rows without '{name}' will be left out."
        return [warning(name, text)]
    return []


def _check_rating(column: Column, info: TableInfo) -> list[Finding]:
    name = column.name
    if column.n_missing == info.n_rows:
        return [error(name, f"The target '{name}' is empty.", "Leave it out to learn from who had what.")]
    if column.type not in NUMERIC_TYPES:
        return [error(name, f"The target '{name}' holds {column.type} values; a rating is a number.")]
    if column.n_infinite:
        return [error(name, f"The target '{name}' holds {column.n_infinite:,} infinite values; remove them.")]
    if column.n_distinct <= 1:
        return [
            error(
                name,
                f"Every rating in '{name}' is the same, so it tells nothing.",
                "Leave the target empty to learn from who had what.",
            )
        ]
    if column.n_missing:
        return [warning(name, f"{column.n_missing:,} rows without rating '{name}' will be left out.")]
    return []


def _check_time(column: Column, info: TableInfo) -> list[Finding]:
    """Times or numbers that grow with time, such as seconds since 1970."""
    name = column.name
    if column.type == "boolean":
        return [
            error(name, f"The time column '{name}' holds true and false.", "Choose one that orders rows.")
        ]
    if column.n_missing:
        text = f"The time column '{name}' is missing in {column.n_missing:,} rows, so they have no order."
        return [error(name, text, "Fill or drop them, or leave the time column out of the problem.")]
    return []


def _check_overlap(granularity: Sequence[str], parts: Sequence[Path]) -> list[Finding]:
    """Whether items are shared by users, and users have enough to hold something back."""
    user, item = (duck.name(name) for name in granularity)
    pairs = (
        f"SELECT DISTINCT {user} AS u, {item} AS i FROM {duck.scan([part.resolve() for part in parts])}"  # noqa: S608  # duck quotes names and paths, the rest is ours
        f" WHERE {user} IS NOT NULL AND {item} IS NOT NULL"
    )
    with duck.connect([part.parent for part in parts]) as connection:
        row = connection.execute(
            f"WITH pairs AS ({pairs}) SELECT"  # noqa: S608  # duck quotes names and paths, the rest is ours
            " (SELECT max(n) FROM (SELECT count(*) AS n FROM pairs GROUP BY i)),"
            " (SELECT max(n) FROM (SELECT count(*) AS n FROM pairs GROUP BY u)),"
            " (SELECT median(n) FROM (SELECT count(*) AS n FROM pairs GROUP BY u))"
        ).fetchone()
    most_users, most_items, usual = row or (0, 0, 0)
    if (most_users or 0) < 2:
        text = "No two users have an item in common, so nothing can be learned from one about another."
        return [error(granularity[1], text, "Are user and item the right columns?")]
    if (most_items or 0) < 2:
        text = "No user has more than one item, so there is nothing to hold back for the test."
        return [error(granularity[0], text, "Are user and item the right columns?")]
    if usual < FEW_PER_USER:
        text = f"Half of the users have {usual:g} items or fewer; lists for them will be little better than popularity."
        return [warning(granularity[0], text, "Bring a longer history.")]
    return []
