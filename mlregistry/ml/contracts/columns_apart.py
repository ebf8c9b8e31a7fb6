"""Two versions of each column side by side: gaps, range, categories, shift, and bins to draw. For comparing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from mlregistry.lib.lazily import lazily
from mlregistry.ml import duck
from mlregistry.ml.table_info import NUMERIC_TYPES

from . import shifts
from .document import Contract
from .figures import Figures
from .meaning import guess
from .parts import Table, free_name
from .report import plain
from .shifts import Shift

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Array = npt.NDArray[np.float64]
else:
    np = lazily("numpy")

SAMPLE_ROWS = 200_000
BATCH = 20
MOST_CATEGORIES = 1000
SHOWN_CATEGORIES = 12
SHOWN_BINS = 16
LISTED = 20


@dataclass(frozen=True)
class Apart:
    """Pairs are (earlier, later); `bins` are drawn: labels with the shares of both sides."""

    name: str
    kind: str
    types: tuple[str, str]
    missing: tuple[float, float]
    distinct: tuple[int, int]
    minimum: tuple[Any, Any]
    maximum: tuple[Any, Any]
    shift: Shift | None = None
    bins: dict[str, list[Any]] | None = None
    new: list[str] = field(default_factory=list)
    gone: list[str] = field(default_factory=list)
    new_share: float = 0.0
    gone_share: float = 0.0
    days_back: float = 0.0

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


def measure(
    contract: Contract, first: Table, second: Table, pairs: Sequence[tuple[Figures, Figures]]
) -> list[Apart]:
    """One per pair, in order; numbers are compared on at most 200,000 rows of each side."""
    columns = [_plain(contract, before, after) for before, after in pairs]
    numeric = [column.name for column in columns if column.kind == "numeric"]
    done: dict[str, Apart] = {}
    for start in range(0, len(numeric), BATCH):
        names = numeric[start : start + BATCH]
        earlier, later = _sampled(first, names), _sampled(second, names)
        for column in columns:
            if column.name in names:
                done[column.name] = _numbers(
                    column, earlier[column.name], later[column.name], contract.comparison.numeric_method
                )
    for column in columns:
        if column.kind == "categorical":
            method = contract.comparison.categorical_method
            done[column.name] = _categories(column, first, second, method)
    return [done.get(column.name, column) for column in columns]


def _plain(contract: Contract, before: Figures, after: Figures) -> Apart:
    return Apart(
        before.name,
        _kind(contract, before, after),
        (before.type, after.type),
        (_share(before), _share(after)),
        (before.n_distinct, after.n_distinct),
        (plain(before.minimum), plain(after.minimum)),
        (plain(before.maximum), plain(after.maximum)),
        days_back=_days_back(before, after),
    )


def _kind(contract: Contract, before: Figures, after: Figures) -> str:
    """numeric or categorical, when both sides can be compared so; else the semantic type."""
    rule = contract.column(before.name)
    type = rule.type if rule else guess(before, []).type
    if not before.n_known or not after.n_known:
        return "empty"
    if type == "constant":
        type = "categorical"
    if type == "numeric" and not {before.type, after.type} <= set(NUMERIC_TYPES):
        return "mixed"
    if type == "boolean":
        return "categorical"
    if type == "categorical" and before.n_distinct > MOST_CATEGORIES:
        return "text"
    return type


def _share(column: Figures) -> float:
    return column.n_missing / column.n_rows if column.n_rows else 0.0


def _days_back(before: Figures, after: Figures) -> float:
    if isinstance(before.maximum, datetime) and isinstance(after.maximum, datetime):
        return max(0.0, (before.maximum - after.maximum).total_seconds() / 86_400)
    return 0.0


def _sampled(table: Table, names: list[str]) -> dict[str, Array]:
    """The known values of the columns as floats, the same rows at each reading."""
    every = -(-table.n_rows // SAMPLE_ROWS)
    counter = free_name(table.types)
    chosen = ", ".join(f"{duck.name(name)}::DOUBLE AS c{place}" for place, name in enumerate(names))
    inner = ", ".join(duck.name(name) for name in names)
    arrays = table.connection.execute(
        f"SELECT {chosen} FROM (SELECT {inner}, row_number() OVER () AS {counter} FROM {table.source})"  # noqa: S608
        f" WHERE hash({counter}) % {every} = 0"
    ).fetchnumpy()
    return {name: np.ma.compressed(arrays[f"c{place}"]) for place, name in enumerate(names)}


def _numbers(column: Apart, earlier: Array, later: Array, method: str) -> Apart:
    if not len(earlier) or not len(later):
        return column
    shift = shifts.of_numbers(earlier, later, method)
    return replace(column, shift=shift, bins=_drawn(earlier, later))


def _drawn(earlier: Array, later: Array) -> dict[str, list[Any]] | None:
    """Bins of equal width between the outer half percents of both sides; what lies beyond is in the end bins."""
    both = np.concatenate([earlier[np.isfinite(earlier)], later[np.isfinite(later)]])
    if not len(both):
        return None
    low, high = np.quantile(both, [0.005, 0.995])
    if low == high:
        low, high = float(both.min()), float(both.max())
    edges = np.unique(np.linspace(low, high, SHOWN_BINS + 1)[1:-1])
    return {
        "labels": [float(edge) for edge in (low, *edges)],
        "earlier": [float(n) / len(earlier) for n in shifts.counts(earlier, edges)],
        "later": [float(n) / len(later) for n in shifts.counts(later, edges)],
    }


def _categories(column: Apart, first: Table, second: Table, method: str) -> Apart:
    earlier, later = _counted(first, column.name), _counted(second, column.name)
    n, m = sum(earlier.values()), sum(later.values())
    if not n or not m:
        return column
    names = sorted({*earlier, *later}, key=lambda name: (-earlier.get(name, 0) - later.get(name, 0), name))
    p, q = [earlier.get(name, 0) for name in names], [later.get(name, 0) for name in names]
    new = [name for name in names if name not in earlier]
    gone = [name for name in names if name not in later]
    shown = names[:SHOWN_CATEGORIES]
    return replace(
        column,
        shift=shifts.of_counts(p, q, method),
        bins={
            "labels": [plain(name) for name in shown],
            "earlier": [earlier.get(name, 0) / n for name in shown],
            "later": [later.get(name, 0) / m for name in shown],
        },
        new=[plain(name) for name in new[:LISTED]],
        gone=[plain(name) for name in gone[:LISTED]],
        new_share=sum(later[name] for name in new) / m,
        gone_share=sum(earlier[name] for name in gone) / n,
    )


def _counted(table: Table, name: str) -> dict[str, int]:
    """Rows per value, as text, of the most frequent values."""
    column = duck.name(name)
    rows = table.all(
        f"SELECT CAST({column} AS VARCHAR), count(*) FROM {{t}} WHERE {column} IS NOT NULL"  # noqa: S608
        f" GROUP BY ALL ORDER BY 2 DESC, 1 LIMIT {2 * MOST_CATEGORIES}"
    )
    return dict(rows)
