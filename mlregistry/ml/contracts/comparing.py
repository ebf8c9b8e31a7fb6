"""How a version differs from the one before: schema, volume, gaps, categories, distributions, time.

Called by the worker that checks versions; the thresholds are those of the contract.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from . import columns_apart, figures, parts
from .columns_apart import Apart
from .document import Contract
from .figures import Figures
from .report import FAILED, PASSED, WARNING, percent
from .shifts import TITLES

MOST_FINDINGS = 500


@dataclass(frozen=True)
class Change:
    """One difference that reached a threshold; `value` is in the unit of its rule."""

    rule: str
    column: str | None
    severity: str
    value: float
    message: str

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True)
class Difference:
    """All of it: what reached a threshold, and the figures of every column that both versions have."""

    n_rows: tuple[int, int]
    missing: tuple[float, float]
    changes: tuple[Change, ...]
    columns: tuple[Apart, ...]

    @property
    def state(self) -> str:
        found = {change.severity for change in self.changes}
        return FAILED if FAILED in found else WARNING if WARNING in found else PASSED

    def to_json(self) -> dict[str, Any]:
        shown = sorted(self.changes, key=lambda change: change.severity != FAILED)
        shifted = [column for column in self.columns if column.shift is not None]
        largest = max(shifted, key=lambda column: column.shift.value if column.shift else 0.0, default=None)
        return {
            "state": self.state,
            "n_rows": list(self.n_rows),
            "missing": list(self.missing),
            "n_shifted": sum(change.rule.startswith("shift_") for change in self.changes),
            "largest_shift": {"column": largest.name, **asdict(largest.shift)}
            if largest and largest.shift
            else None,
            "changes": [change.to_json() for change in shown[:MOST_FINDINGS]],
            "columns": [column.to_json() for column in self.columns],
        }


def compare(
    contract: Contract,
    earlier: Sequence[Path],
    later: Sequence[Path],
    *,
    report: Callable[[float, str], None] = lambda share, text: None,
) -> Difference:
    """The difference of two versions, each given as its Parquet parts."""
    with parts.both(earlier, later) as (first, second):
        report(0.0, "Reading the figures of both versions")
        before = {column.name: column for column in figures.of_table(first)}
        after = {column.name: column for column in figures.of_table(second)}
        shared = [name for name in before if name in after]
        report(0.4, "Comparing distributions")
        pairs = [(before[name], after[name]) for name in shared]
        columns = columns_apart.measure(contract, first, second, pairs)
    changes = [
        *_schema(before, after),
        *_volume(first.n_rows, second.n_rows),
        *(one for column in columns for one in _of_column(column)),
    ]
    return Difference(
        (first.n_rows, second.n_rows),
        (_missing(before.values()), _missing(after.values())),
        tuple(change for one in changes if (change := _graded(one, contract)) is not None),
        tuple(columns),
    )


Found = tuple[str, str | None, float, str]  # rule, column, value, message


def _graded(found: Found, contract: Contract) -> Change | None:
    rule, column, value, message = found
    level = contract.comparison.thresholds[rule].level(value)
    return Change(rule, column, level, value, message) if level else None


def _schema(before: dict[str, Figures], after: dict[str, Figures]) -> Iterator[Found]:
    gone = [name for name in before if name not in after]
    new = [name for name in after if name not in before]
    typed = [name for name in before if name in after and before[name].type != after[name].type]
    if gone:
        yield "columns_gone", None, len(gone), f"{len(gone):,} columns are gone: {_named(gone)}."
    if new:
        yield "columns_new", None, len(new), f"{len(new):,} columns are new: {_named(new)}."
    if typed:
        texts = [f"{name} ({before[name].type} → {after[name].type})" for name in typed]
        yield "types_changed", None, len(typed), f"{len(typed):,} columns changed type: {_named(texts)}."


def _named(names: list[str]) -> str:
    return ", ".join(names[:10]) + (" …" if len(names) > 10 else "")


def _volume(earlier: int, later: int) -> Iterator[Found]:
    if not earlier:
        return
    share = (later - earlier) / earlier
    text = f"{earlier:,} rows before, {later:,} now ({100 * share:+.1f} %)."
    yield ("rows_gained", None, share, text) if share > 0 else ("rows_lost", None, -share, text)


def _of_column(column: Apart) -> Iterator[Found]:
    name, rise = column.name, column.missing[1] - column.missing[0]
    if rise > 0:
        text = f"Column '{name}': missing in {percent(column.missing[0])} before, in {percent(column.missing[1])} now."
        yield "missing_rise", name, rise, text
    if column.shift is not None and column.shift.is_real:
        rule = "shift_numeric" if column.kind == "numeric" else "shift_categorical"
        title = TITLES[column.shift.method.partition(" ")[0]]
        text = f"Column '{name}' is distributed otherwise: {title} {column.shift.value:.3f}."
        yield rule, name, column.shift.value, text
    if column.new_share:
        text = (
            f"Column '{name}': {percent(column.new_share)} of the rows hold new values: {_named(column.new)}."
        )
        yield "new_categories", name, column.new_share, text
    if column.gone_share:
        text = (
            f"Column '{name}': values that {percent(column.gone_share)} of the earlier rows held are gone:"
            f" {_named(column.gone)}."
        )
        yield "categories_gone", name, column.gone_share, text
    if column.days_back > 0:
        text = (
            f"Column '{name}': its newest time lies {column.days_back:,.1f} days before the earlier newest."
        )
        yield "time_back_days", name, column.days_back, text


def _missing(columns: Any) -> float:
    """Share of all cells."""
    figures_ = list(columns)
    cells = sum(column.n_rows for column in figures_)
    return sum(column.n_missing for column in figures_) / cells if cells else 0.0
