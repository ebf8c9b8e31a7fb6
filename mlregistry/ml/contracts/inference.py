"""Proposes a contract from a version: types with reasons, and constraints wide enough for the next version."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from mlregistry.ml import duck

from . import figures as figures_of
from . import meaning, parts, patterns
from .document import NOW, ColumnRule, Contract, TableRules
from .figures import Figures
from .parsing import LONGEST_CATEGORY

PAIR = 2
RATE_NAME = re.compile(r"(rate|share|ratio|fraction|probability|proportion)s?$", re.I)
SPECIAL = set("\\.+*?()|[]{}^$")
PERCENT_NAME = re.compile(r"(percent|pct|percentage)$|%", re.I)


@dataclass(frozen=True)
class Proposal:
    """A contract and, for each column, why its type was chosen."""

    contract: Contract
    reasons: dict[str, str]

    def to_json(self) -> dict[str, Any]:
        return {"document": self.contract.to_json(), "reasons": self.reasons}


def infer(version: Sequence[Path], *, now: datetime) -> Proposal:
    """From all rows of a version; `now` says which times lie in the future."""
    with parts.opened(version) as table:
        rules, reasons = [], {}
        for column in figures_of.of_table(table):
            values = _values(table, column)
            guessed = meaning.guess(column, values)
            pattern = _pattern(column, table) if guessed.type == "identifier" else None
            rules.append(_rule(column, guessed.type, values, pattern, now))
            reasons[column.name] = guessed.reason
        table_rules = TableRules(min_rows=_round_down(table.n_rows / 2), extra_columns="warn")
    return Proposal(Contract(tuple(rules), table_rules), reasons)


def _values(table: parts.Table, column: Figures) -> list[str]:
    """The distinct values as text, when there are few."""
    if not 0 < column.n_distinct <= meaning.MOST_CATEGORIES or column.type == "datetime":
        return []
    if column.type == "float" and column.n_distinct > PAIR:
        return []
    name = duck.name(column.name)
    rows = table.all(
        f"SELECT DISTINCT CAST({name} AS VARCHAR) FROM {{t}} WHERE {name} IS NOT NULL ORDER BY 1"  # noqa: S608
        f" LIMIT {meaning.MOST_CATEGORIES + 1}"
    )
    return [value for (value,) in rows]


def _rule(column: Figures, type: str, values: list[str], pattern: str | None, now: datetime) -> ColumnRule:
    shared: dict[str, Any] = {"name": column.name, "type": type, "max_missing": _max_missing(column)}
    shared["unique"] = type == "identifier" and column.n_distinct == column.n_known
    if type == "numeric" and column.minimum is not None:
        low, high = _range(column)
        return ColumnRule(**shared, min=low, max=high)
    listed = 0 < len(values) <= meaning.MOST_CATEGORIES and max(map(len, values)) <= LONGEST_CATEGORY
    if type == "categorical" and listed:
        return ColumnRule(**shared, categories=_typed(values, column.type))
    if type == "datetime":
        return ColumnRule(**shared, **_bounds(column, now))
    if type == "identifier" and pattern is not None:
        return ColumnRule(**shared, pattern=pattern)
    if type in ("text", "identifier") and column.max_length is not None:
        return ColumnRule(**shared, max_length=int(_round_up(2.0 * column.max_length)))
    return ColumnRule(**shared)


def _max_missing(column: Figures) -> float | None:
    """Never missing stays never; otherwise half as much again, in steps of 1 %."""
    if not column.n_rows or column.n_missing == column.n_rows:
        return None
    if not column.n_missing:
        return 0.0
    share = column.n_missing / column.n_rows
    return min(1.0, math.ceil(share * 150 + 1) / 100)


def _range(column: Figures) -> tuple[float, float]:
    """Shares stay shares; otherwise the range seen, widened by its width, and not below 0 when it never was."""
    low, high = float(column.minimum), float(column.maximum)
    if low >= 0 and high <= 1 and RATE_NAME.search(column.name):
        return 0, 1
    if low >= 0 and high <= 100 and PERCENT_NAME.search(column.name):
        return 0, 100
    width = high - low
    top = _round_up(high + width) if high + width > 0 else -_round_down(-(high + width))
    return (0 if low >= 0 else -_round_up(width - low)), top


def _bounds(column: Figures, now: datetime) -> dict[str, Any]:
    if not isinstance(column.minimum, datetime):
        return {}
    newest = column.maximum.replace(tzinfo=UTC)
    return {
        "earliest": f"{column.minimum.year:04d}-01-01",
        "latest": NOW if newest <= now else None,
    }


def _typed(values: list[str], type: str) -> tuple[str | int | float | bool, ...]:
    return tuple(sorted(int(value) for value in values)) if type == "integer" else tuple(values)


def _pattern(column: Figures, table: parts.Table) -> str | None:
    """0000-AAAAA → [0-9]{4}-[A-Z]{5}, when every value of the column matches."""
    if not column.shape:
        return None
    classes = {"0": "[0-9]", "A": "[A-Z]", "a": "[a-z]"}
    found = []
    for run in re.findall(r"0+|A+|a+|[^0Aa]", column.shape):
        sign = classes.get(run[0], f"\\{run[0]}" if run[0] in SPECIAL else run[0])
        found.append(f"{sign}{{{len(run)}}}" if len(run) > 1 else sign)
    pattern = "".join(found)
    if len(pattern) > patterns.LONGEST_PATTERN or not pattern.isascii():
        return None
    n_others = table.one(f"count(*) FILTER ({patterns.mismatch(duck.name(column.name), pattern)})")[0]
    return None if n_others else pattern


def _round_up(value: float) -> float:
    """To two digits, away from 0: 8,412 → 8,500."""
    if value <= 0 or not math.isfinite(value):
        return 0
    unit = 10.0 ** (math.floor(math.log10(value)) - 1)
    rounded = math.ceil(value / unit - 1e-9) * unit
    return int(rounded) if rounded >= 10 and float(rounded).is_integer() else round(rounded, 12)


def _round_down(value: float) -> int:
    if value < 1:
        return 0
    unit = 10 ** max(0, math.floor(math.log10(value)) - 1)
    return int(value // unit * unit)
