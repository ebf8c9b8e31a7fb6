"""How a version differs from the one before: schema, volume, gaps, categories, distributions, time.

By their profiles alone: no table is read. Called by the worker that checks versions and by pages that compare two;
the thresholds are those of the contract.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from mlregistry.ml.profiling.document import Alert, Profile

from . import columns_apart
from .columns_apart import Apart
from .document import Contract
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
    """All of it: what reached a threshold, alerts of one side only, and the figures of every column of either."""

    n_rows: tuple[int, int]
    missing: tuple[float, float]
    changes: tuple[Change, ...]
    columns: tuple[Apart, ...]
    alerts_new: tuple[Alert, ...] = ()
    alerts_gone: tuple[Alert, ...] = ()

    @property
    def state(self) -> str:
        found = {change.severity for change in self.changes}
        return FAILED if FAILED in found else WARNING if WARNING in found else PASSED

    @property
    def n_shifted(self) -> int:
        return sum(change.rule.startswith("shift_") for change in self.changes)

    def to_json(self, *, bins: bool = True) -> dict[str, Any]:
        """Without `bins`, what is kept with a version."""
        largest = max(
            (column for column in self.columns if column.shift is not None and column.kind != "datetime"),
            key=lambda column: column.shift.value if column.shift else 0.0,
            default=None,
        )
        shift = {"column": largest.name, **asdict(largest.shift)} if largest and largest.shift else None
        return {
            "state": self.state,
            "n_rows": list(self.n_rows),
            "missing": list(self.missing),
            "n_shifted": self.n_shifted,
            "largest_shift": shift,
            "changes": [change.to_json() for change in self.changes[:MOST_FINDINGS]],
            "columns": [column.to_json(bins=bins) for column in self.columns],
            "alerts_new": [asdict(alert) for alert in self.alerts_new],
            "alerts_gone": [asdict(alert) for alert in self.alerts_gone],
        }


def compare(contract: Contract, earlier: Profile, later: Profile) -> Difference:
    """The difference of two versions; failures come first, and columns in the later one's order."""
    before = {column.name: column for column in earlier.columns}
    after = {column.name: column for column in later.columns}
    columns = tuple(
        columns_apart.measure(contract, before.get(name), after.get(name))
        for name in dict.fromkeys([*after, *before])
    )
    found = [*_schema(columns), *_volume(earlier.n_rows, later.n_rows), *_of_columns(columns)]
    changes = [change for one in found if (change := _graded(one, contract)) is not None]
    return Difference(
        (earlier.n_rows, later.n_rows),
        (_missing(earlier), _missing(later)),
        tuple(sorted(changes, key=lambda change: change.severity != FAILED)),
        columns,
        *_alerts(earlier, later),
    )


def _alerts(earlier: Profile, later: Profile) -> tuple[tuple[Alert, ...], tuple[Alert, ...]]:
    """New ones and gone ones: the same is what is of one kind about the same columns."""
    old = {(alert.kind, alert.columns): alert for alert in earlier.alerts}
    new = {(alert.kind, alert.columns): alert for alert in later.alerts}
    return (
        tuple(alert for key, alert in new.items() if key not in old),
        tuple(alert for key, alert in old.items() if key not in new),
    )


Found = tuple[str, str | None, float, str]  # rule, column, value, message


def _graded(found: Found, contract: Contract) -> Change | None:
    rule, column, value, message = found
    level = contract.comparison.thresholds[rule].level(value)
    return Change(rule, column, level, value, message) if level else None


def _schema(columns: Sequence[Apart]) -> Iterator[Found]:
    gone = [column.name for column in columns if column.status == "removed"]
    new = [column.name for column in columns if column.status == "added"]
    typed = [column for column in columns if column.status == "type"]
    if gone:
        yield "columns_gone", None, len(gone), f"{_columns(gone, 'is', 'are')} gone: {_named(gone)}."
    if new:
        yield "columns_new", None, len(new), f"{_columns(new, 'is', 'are')} new: {_named(new)}."
    if typed:
        texts = [f"{column.name} ({column.types[0]} → {column.types[1]})" for column in typed]
        yield (
            "types_changed",
            None,
            len(typed),
            f"{_columns(typed, 'has', 'have')} another type: {_named(texts)}.",
        )


def _columns(found: Sequence[object], one: str, many: str) -> str:
    return f"1 column {one}" if len(found) == 1 else f"{len(found):,} columns {many}"


def _named(names: list[str]) -> str:
    return ", ".join(names[:10]) + (" …" if len(names) > 10 else "")


def _volume(earlier: int, later: int) -> Iterator[Found]:
    if not earlier:
        return
    share = (later - earlier) / earlier
    text = f"{earlier:,} rows before, {later:,} now ({100 * share:+.1f} %)."
    yield ("rows_gained", None, share, text) if share > 0 else ("rows_lost", None, -share, text)


def _of_columns(columns: Sequence[Apart]) -> Iterator[Found]:
    for column in columns:
        if column.status in ("shared", "type"):
            yield from _of_column(column)


def _of_column(column: Apart) -> Iterator[Found]:
    name, rise = column.name, column.missing[1] - column.missing[0]
    if rise > 0:
        text = f"Column '{name}': missing in {percent(column.missing[0])} before, in {percent(column.missing[1])} now."
        yield "missing_rise", name, rise, text
    if column.shift is not None and column.shift.is_real and column.kind != "datetime":
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


def _missing(profile: Profile) -> float:
    """Share of all cells."""
    cells = profile.n_rows * len(profile.columns)
    return sum(column.n_missing for column in profile.columns) / cells if cells else 0.0
