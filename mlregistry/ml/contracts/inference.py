"""Proposes a contract from a profile: types with reasons, and constraints wide enough for the next version."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from mlregistry.ml import duck
from mlregistry.ml.profiling.document import Column, Numbers, Profile, Times
from mlregistry.ml.profiling.limits import ProfileLimits

from . import meaning, parts, patterns
from .document import NOW, ColumnRule, Contract, TableRules
from .listed import is_whole
from .parsing import LONGEST_CATEGORY

PAIR = 2
LONGEST_LISTED = ProfileLimits().longest_value  # longer ones are cut in a profile
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


def infer(profile: Profile, version: Sequence[Path], *, now: datetime) -> Proposal:
    """From the profile of a version; its parts are read where a pattern must hold for every row."""
    guessed = {column.name: meaning.guess(column) for column in profile.columns}
    forms = {
        column.name: pattern
        for column in profile.columns
        if guessed[column.name].type == "identifier" and (pattern := _pattern(column)) is not None
    }
    held = _held(forms, version) if forms else {}
    rules = [
        _rule(column, guessed[column.name].type, held.get(column.name), now) for column in profile.columns
    ]
    table_rules = TableRules(min_rows=_round_down(profile.n_rows / 2), extra_columns="warn")
    return Proposal(
        Contract(tuple(rules), table_rules), {name: found.reason for name, found in guessed.items()}
    )


def _held(forms: Mapping[str, str], version: Sequence[Path]) -> dict[str, str]:
    """The patterns that no row breaks."""
    broken = [
        f"coalesce(bool_or({patterns.mismatch(duck.name(name), pattern)}), false)"
        for name, pattern in forms.items()
    ]
    with parts.opened(version) as table:
        row = table.one(", ".join(broken))
    return {name: forms[name] for name, is_broken in zip(forms, row, strict=True) if not is_broken}


def _values(column: Column) -> list[str]:
    """The distinct values as text, when there are few and none is cut."""
    if not is_whole(column) or column.type == "datetime" or column.n_distinct > meaning.MOST_CATEGORIES:
        return []
    if column.type == "float" and column.n_distinct > PAIR:
        return []
    if any(len(top.value) >= LONGEST_LISTED for top in column.top):
        return []
    return sorted(top.value for top in column.top)


def _rule(column: Column, type: str, pattern: str | None, now: datetime) -> ColumnRule:
    shared: dict[str, Any] = {"name": column.name, "type": type, "max_missing": _max_missing(column)}
    shared["unique"] = type == "identifier" and column.n_distinct == column.n
    if type == "numeric" and column.numbers is not None:
        low, high = _range(column.name, column.numbers)
        return ColumnRule(**shared, min=low, max=high)
    values = _values(column)
    listed = 0 < len(values) <= meaning.MOST_CATEGORIES and max(map(len, values)) <= LONGEST_CATEGORY
    if type == "categorical" and listed:
        return ColumnRule(**shared, categories=_typed(values, column.type))
    if type == "datetime":
        return ColumnRule(**shared, **_bounds(column.times, now))
    if type == "identifier" and pattern is not None:
        return ColumnRule(**shared, pattern=pattern)
    if type in ("text", "identifier") and column.texts is not None:
        return ColumnRule(**shared, max_length=int(_round_up(2.0 * column.texts.longest)))
    return ColumnRule(**shared)


def _max_missing(column: Column) -> float | None:
    """Never missing stays never; otherwise half as much again, in steps of 1 %."""
    if not column.n:
        return None
    if not column.n_missing:
        return 0.0
    share = column.n_missing / (column.n + column.n_missing)
    return min(1.0, math.ceil(share * 150 + 1) / 100)


def _range(name: str, numbers: Numbers) -> tuple[float, float]:
    """Shares stay shares; otherwise the range seen, widened by its width, and not below 0 when it never was."""
    low, high = float(numbers.minimum), float(numbers.maximum)
    if low >= 0 and high <= 1 and RATE_NAME.search(name):
        return 0, 1
    if low >= 0 and high <= 100 and PERCENT_NAME.search(name):
        return 0, 100
    width = high - low
    top = _round_up(high + width) if high + width > 0 else -_round_down(-(high + width))
    return (0 if low >= 0 else -_round_up(width - low)), top


def _bounds(times: Times | None, now: datetime) -> dict[str, Any]:
    """None for texts that are dates, and for times beyond the calendar."""
    if times is None or times.minimum.endswith("s") or times.maximum.endswith("s"):
        return {}
    newest = datetime.fromisoformat(times.maximum).replace(tzinfo=UTC)
    return {"earliest": f"{times.minimum[:4]}-01-01", "latest": NOW if newest <= now else None}


def _typed(values: list[str], type: str) -> tuple[str | int | float | bool, ...]:
    return tuple(sorted(int(value) for value in values)) if type == "integer" else tuple(values)


def _pattern(column: Column) -> str | None:
    """0000-AAAAA → [0-9]{4}-[A-Z]{5}; None where the texts do not look alike."""
    form = column.texts.form if column.texts else None
    if not form:
        return None
    classes = {"0": "[0-9]", "A": "[A-Z]", "a": "[a-z]"}
    found = []
    for run in re.findall(r"0+|A+|a+|[^0Aa]", form):
        sign = classes.get(run[0], f"\\{run[0]}" if run[0] in SPECIAL else run[0])
        found.append(f"{sign}{{{len(run)}}}" if len(run) > 1 else sign)
    pattern = "".join(found)
    return pattern if len(pattern) <= patterns.LONGEST_PATTERN and pattern.isascii() else None


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
