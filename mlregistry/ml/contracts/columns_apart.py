"""A column in two profiles: gaps, range, categories, shift, and bars to draw over one another. For comparing."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from typing import Any

from mlregistry.ml.profiling.document import Column
from mlregistry.ml.table_info import NUMERIC_TYPES

from . import overlays, shifts
from .document import Contract
from .listed import counted, is_whole, shared_names
from .report import plain
from .shifts import Shift

LISTED = 20
FIGURES = ("types", "missing", "distinct", "minimum", "maximum", "mean", "median")
Pair = tuple[Any, Any]


@dataclass(frozen=True)
class Apart:
    """Pairs are (earlier, later), None on the side where the column or the figure is not there.

    `bins` are drawn: labels with the shares of both sides. `kind` says how the sides were compared.
    """

    name: str
    kind: str
    status: str  # added, removed, type, shared
    types: Pair
    missing: Pair
    distinct: Pair
    minimum: Pair
    maximum: Pair
    mean: Pair
    median: Pair
    shift: Shift | None = None
    bins: dict[str, list[Any]] | None = None
    new: list[str] = field(default_factory=list)
    gone: list[str] = field(default_factory=list)
    new_share: float = 0.0
    gone_share: float = 0.0
    days_back: float = 0.0

    def to_json(self, *, bins: bool = True) -> dict[str, Any]:
        data = asdict(self)
        return data if bins else {**data, "bins": None}


def measure(contract: Contract, before: Column | None, after: Column | None) -> Apart:
    """One column of either profile or of both."""
    known = before or after
    assert known is not None  # noqa: S101  # a name is taken from one of the two
    kind = _kind(contract, before, after)
    apart = Apart(known.name, kind, _status(before, after), **_figures(before, after))
    if before is None or after is None:
        return replace(apart, bins=overlays.drawn(kind, before, after))
    if kind in ("numeric", "datetime"):
        shift = shifts.of_columns(before, after, contract.comparison.numeric_method)
        apart = replace(apart, shift=shift, days_back=_days_back(before, after))
    elif kind == "categorical":
        apart = _categories(apart, before, after, contract.comparison.categorical_method)
    return replace(apart, bins=overlays.drawn(kind, before, after))


def _status(before: Column | None, after: Column | None) -> str:
    if before is None:
        return "added"
    if after is None:
        return "removed"
    return "shared" if before.type == after.type else "type"


def _kind(contract: Contract, before: Column | None, after: Column | None) -> str:
    """numeric, datetime or categorical when both sides can be compared so; else what the column means."""
    columns = [column for column in (before, after) if column is not None]
    rule = contract.column(columns[0].name)
    if not all(column.n for column in columns):
        return "empty"
    kinds = [column.kind for column in columns if column.kind != "constant"]
    kind = rule.type if rule else kinds[0] if kinds else "constant"
    types = {column.type for column in columns}
    if kind == "numeric" and not types <= set(NUMERIC_TYPES):
        return "mixed"
    if kind == "datetime" and types != {"datetime"}:
        return "categorical" if types == {"string"} else "mixed"
    return "categorical" if kind in ("boolean", "constant") else kind


def _figures(before: Column | None, after: Column | None) -> dict[str, Any]:
    """Name of the figure → pair."""
    old, new = _side(before), _side(after)
    return {name: (old.get(name), new.get(name)) for name in FIGURES}


def _side(column: Column | None) -> dict[str, Any]:
    if column is None:
        return {}
    low, high = _ends(column)
    n_rows, numbers = column.n + column.n_missing, column.numbers
    return {
        "types": column.type,
        "missing": column.n_missing / n_rows if n_rows else 0.0,
        "distinct": column.n_distinct,
        "minimum": plain(low),
        "maximum": plain(high),
        "mean": numbers.mean if numbers else None,
        "median": numbers.quantiles["0.5"] if numbers else None,
    }


def _ends(column: Column) -> Pair:
    figures = column.numbers or column.times
    return (figures.minimum, figures.maximum) if figures else (None, None)


def _days_back(before: Column, after: Column) -> float:
    if before.times is None or after.times is None:
        return 0.0
    newest = [_moment(column.times.maximum) for column in (before, after) if column.times]
    if None in newest:
        return 0.0
    earlier, later = newest
    return max(0.0, (earlier - later).total_seconds() / 86_400)  # type: ignore[operator]  # both are times, as the caller has seen


def _moment(text: str) -> datetime | None:
    """None beyond the calendar."""
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None


def _categories(column: Apart, before: Column, after: Column, method: str) -> Apart:
    """By the listed values. What one side does not list is known to be gone or new only if its list is whole."""
    earlier, later = counted(before), counted(after)
    names = shared_names(before, after)
    p, q = [earlier.get(name, 0) for name in names], [later.get(name, 0) for name in names]
    p, q = [*p, before.n - sum(p)], [*q, after.n - sum(q)]
    if not p[-1] and not q[-1]:
        p, q = p[:-1], q[:-1]
    new = [name for name in later if name not in earlier] if is_whole(before) else []
    gone = [name for name in earlier if name not in later] if is_whole(after) else []
    return replace(
        column,
        shift=shifts.of_counts(p, q, method),
        new=[plain(name) for name in new[:LISTED]],
        gone=[plain(name) for name in gone[:LISTED]],
        new_share=sum(later[name] for name in new) / after.n,
        gone_share=sum(earlier[name] for name in gone) / before.n,
    )
