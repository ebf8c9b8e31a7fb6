"""The parts of the check against a problem that are about its rows: granularity, time, classes, leaking names.

Called by problems.check, which knows the rest.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from mlregistry.ml import duck
from mlregistry.ml.findings import Finding, error, warning
from mlregistry.ml.table_info import Column, TableInfo

LEAST_MEMBERS = 10
SMALL_SHARE = 0.02
FEW_VALUES = 10
SHOWN_KEYS = 3
LEAKING_WORDS = {
    "target",
    "label",
    "outcome",
    "predicted",
    "prediction",
    "predictions",
    "ytrue",
    "groundtruth",
}


def check_granularity(granularity: Sequence[str], info: TableInfo, parts: Sequence[Path]) -> list[Finding]:
    """Whether the key columns identify a row."""
    gone = [name for name in granularity if info.column(name) is None]
    if gone:
        advice = "Change the problem's granularity, or bring a table that has it."
        return [error(name, f"The key column '{name}' is not in the table.", advice) for name in gone]
    if not granularity:
        return []
    names = ", ".join(duck.name(name) for name in granularity)
    groups = f"SELECT {names}, count(*) AS n_ FROM {_source(parts)} GROUP BY {names} HAVING count(*) > 1"  # noqa: S608  # duck quotes names and paths, the rest is ours
    with duck.connect([part.parent for part in parts]) as connection:
        counted = connection.execute(
            f"SELECT coalesce(sum(n_), 0)::BIGINT, count(*) FROM ({groups})"  # noqa: S608  # duck quotes names and paths, the rest is ours
        ).fetchone()
        n_rows, n_keys = counted or (0, 0)
        if not n_rows:
            return []
        shown = connection.execute(f"{groups} ORDER BY n_ DESC, {names} LIMIT {SHOWN_KEYS}").fetchall()
    examples = "; ".join(_key(granularity, row) for row in shown)
    titled = " + ".join(granularity)
    return [
        error(
            granularity[0],
            f"One row per {titled} is expected, but {n_rows:,} rows share {n_keys:,} keys ({examples}).",
            "Remove the doubles or aggregate them, or name further key columns in the problem.",
        )
    ]


def _key(names: Sequence[str], row: Sequence[object]) -> str:
    pairs = ", ".join(f"{name}={str(value)[:60]}" for name, value in zip(names, row, strict=False))
    return f"{pairs}: {row[-1]} rows"


def check_time(name: str, info: TableInfo, parts: Sequence[Path], now: datetime) -> list[Finding]:
    """Whether the time column is there, readable, without gaps, and not in the future."""
    if not name:
        return []
    column = info.column(name)
    if column is None:
        advice = "Change the problem's time column, or bring a table that has it."
        return [error(name, f"The time column '{name}' is not in the table.", advice)]
    if column.type not in ("datetime", "string"):
        return [
            error(name, f"The time column '{name}' holds {column.type} values such as {_example(column)}.",
                  "Store times as ISO 8601, such as 2024-01-31 or 2024-01-31T12:00:00.")
        ]  # fmt: skip
    value = f"TRY_CAST({duck.name(name)} AS TIMESTAMP)"
    with duck.connect([part.parent for part in parts]) as connection:
        row = connection.execute(
            f"SELECT count({duck.name(name)}), count({value}), count(*) FILTER ({value} > ?), max({value})"  # noqa: S608  # duck quotes names and paths, the rest is ours
            f" FROM {_source(parts)}",
            [now.astimezone(UTC).replace(tzinfo=None)],
        ).fetchone()
    n_known, n_times, n_future, newest = row or (0, 0, 0, None)
    found = []
    if n_known > n_times:
        text = f"{n_known - n_times:,} of {n_known:,} values of the time column '{name}' cannot be read as times."
        found.append(error(name, text, "Write them as ISO 8601, or choose another time column."))
    if info.n_rows > n_known:
        text = f"The time column '{name}' is missing in {info.n_rows - n_known:,} rows."
        found.append(warning(name, text, "Rows without a time cannot be split by time; fill or drop them."))
    if n_future:
        text = f"{n_future:,} rows lie in the future; the latest '{name}' is {newest:%Y-%m-%d %H:%M}."
        found.append(
            warning(name, text, "Check the time zone and the clock of the source; drop planned rows.")
        )
    return found


def check_names(target: str, columns: Sequence[Column]) -> list[Finding]:
    """Features whose names say that they hold the answer."""
    wanted = _squeezed(target)
    found = []
    for column in columns:
        words = set(re.split(r"[\W_]+", re.sub(r"(?<=[a-z])(?=[A-Z])", "_", column.name).lower()))
        squeezed = _squeezed(column.name)
        holds_target = len(wanted) >= 4 and wanted in squeezed
        if holds_target or words & LEAKING_WORDS or squeezed in LEAKING_WORDS:
            reason = f"the target '{target}'" if holds_target else "an answer"
            found.append(
                warning(
                    column.name,
                    f"The feature '{column.name}' is named like {reason}; it may leak what is to be predicted.",
                    "Leave it out unless it is known at the moment of the prediction.",
                )
            )
    return found


def check_class_counts(name: str, counts: Sequence[tuple[str, int]]) -> list[Finding]:
    """Classes too small to learn; `counts` are (class, rows), the smallest first."""
    single = [value for value, n in counts if n == 1]
    found = [
        error(
            name,
            f"The class '{value}' of target '{name}' has one member; at least 2 are needed.",
            "Remove the row, or put the class together with another one.",
        )
        for value in single
    ]
    total = sum(n for _, n in counts)
    for value, n in counts:
        if n > 1 and (n < LEAST_MEMBERS or n < SMALL_SHARE * total):
            found.append(
                warning(
                    name,
                    f"The class '{value}' of target '{name}' has {n:,} of {total:,} rows ({100 * n / total:.1f} %).",
                    "Stratify the split, look at PR-AUC or balanced accuracy rather than accuracy,"
                    " or collect more of it.",
                )
            )
    return found


def check_target_kind(kind: str, target: Column, n_rows: int) -> list[Finding]:
    """A target that would rather be of the other kind."""
    if kind == "regression" and target.type == "integer" and target.n_distinct <= FEW_VALUES < n_rows:
        return [
            warning(
                target.name,
                f"The target '{target.name}' has {target.n_distinct} different whole numbers only.",
                "If they name classes rather than amounts, make it a classification.",
            )
        ]
    return []


def _source(parts: Sequence[Path]) -> str:
    return duck.scan([part.resolve() for part in parts])


def _squeezed(name: str) -> str:
    return re.sub(r"[\W_]+", "", name).lower()


def _example(column: Column) -> str:
    return repr(column.examples[0]) if column.examples else "none"
