"""What each step does to a sample: before, after, which columns came from where. Pure; queries call it."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from mlregistry.errors import Invalid
from mlregistry.ml.steps import compiling
from mlregistry.ml.steps.catalogue import Making
from mlregistry.ml.steps.finishing import FinalMatrix
from mlregistry.ml.steps.frames import ReadColumns, Table, gaps_of
from mlregistry.ml.steps.lineage import Origin, follow
from mlregistry.ml.steps.parsing import Step

SHOWN_ROWS = 6
SHOWN_COLUMNS = 12
MOST_MADE = 200
LONGEST_SECONDS = 20.0
KINDS = {"number": "number", "boolean": "true or false", "text": "text", "time": "time"}


@dataclass(frozen=True)
class Made:
    """A column that a step makes, changes or adds: the columns it read, and the raw ones behind them."""

    name: str
    kind: str
    sources: tuple[str, ...]
    origin: Origin
    is_new: bool


@dataclass(frozen=True)
class Preview:
    """One step on the sample. `before` and `after`: some rows of the columns that it touched."""

    place: int
    step: str
    title: str
    n_rows: tuple[int, int]
    n_columns: tuple[int, int]
    made: tuple[Made, ...] = ()  # at most 200 of them
    n_made: int = 0
    dropped: dict[str, str] = field(default_factory=dict)
    before: dict[str, list[Any]] = field(default_factory=dict)
    after: dict[str, list[Any]] = field(default_factory=dict)
    error: Invalid | None = None

    @property
    def read_only(self) -> list[str]:
        """Columns that the step read and that are shown as they were, for they are not made anew."""
        return [name for name in self.before if name not in self.after]

    @property
    def rows(self) -> list[tuple[list[Any], list[tuple[Any, Any, bool, bool]]]]:
        """Row by row the cells that were read, and of the made ones: now, before, changed, new."""
        n_rows = max((len(values) for values in [*self.before.values(), *self.after.values()]), default=0)
        return [
            (
                [self.before[name][place] for name in self.read_only],
                [self._cell(name, place) for name in self.after],
            )
            for place in range(n_rows)
        ]

    @property
    def changes_nothing(self) -> bool:
        """Whether the shown columns were there before, with the same values."""
        return bool(self.after) and not any(cell[2] for _, cells in self.rows for cell in cells)

    def _cell(self, name: str, place: int) -> tuple[Any, Any, bool, bool]:
        now, old = self.after[name][place], self.before.get(name)
        return now, old[place] if old else None, old is None or old[place] != now, old is None

    def to_json(self) -> dict[str, Any]:
        return {
            "place": self.place, "step": self.step, "title": self.title,
            "rows": {"before": self.n_rows[0], "after": self.n_rows[1]},
            "columns": {"before": self.n_columns[0], "after": self.n_columns[1]},
            "n_made": self.n_made,
            "made": [
                {"name": made.name, "kind": made.kind, "from": list(made.sources), **made.origin.to_json(),
                 "is_new": made.is_new}
                for made in self.made
            ],
            "dropped": self.dropped, "before": self.before, "after": self.after,
            "error": {"message": self.error.message, "field": self.error.field} if self.error else None,
        }  # fmt: skip


def preview(
    steps: Sequence[Step],
    frame: pd.DataFrame,
    target: str,
    making: Making,
    *,
    clock: Callable[[], float] = time.monotonic,
) -> list[Preview]:
    """One entry per step, fitted on `frame` (raw features and the target); it ends at a step that fails.

    After 20 seconds by the `clock` no further step is tried.
    """
    found: list[Preview] = []
    frame = frame[frame[target].notna()].reset_index(drop=True)
    if len(frame) < 2:
        raise Invalid(f"The sample has fewer than 2 rows with the target '{target}'.", field=target)
    place = 0
    try:
        while place < len(steps) and steps[place].on_rows:
            frame, shown = _rows(place, steps[place], frame, target)
            found.append(shown)
            place += 1
    except (Invalid, ValueError) as error:
        return [*found, _failed(place, steps[place], error, len(frame), frame.shape[1] - 1)]
    if len(frame) < 2:
        raise Invalid("Fewer than 2 rows of the sample are left without gaps.", field="steps")
    return found + _columns(steps, place, frame, target, making, clock)


def unfinished(table: Table) -> Invalid | None:
    """What stands against the table reaching an estimator that takes no gaps."""
    try:
        FinalMatrix().fit(table)
    except ValueError as error:
        return compiling.failure("matrix", error)
    return None


def _rows(place: int, step: Step, frame: pd.DataFrame, target: str) -> tuple[pd.DataFrame, Preview]:
    kept = frame[compiling.kept_rows(step, frame, target)].reset_index(drop=True)
    width = frame.shape[1] - 1
    return kept, Preview(place, step.kind, step.entry.title, (len(frame), len(kept)), (width, width))


def _columns(
    steps: Sequence[Step],
    start: int,
    frame: pd.DataFrame,
    target: str,
    making: Making,
    clock: Callable[[], float],
) -> list[Preview]:
    reader, truth, end = ReadColumns(), frame[target].to_numpy(), clock() + LONGEST_SECONDS
    table = reader.fit_transform(frame.drop(columns=target))
    origins = {name: Origin((name,), ()) for name in reader.names_out_}
    found: list[Preview] = []
    for place in range(start, len(steps)):
        step, name = steps[place], compiling.name_of(place, steps[place])
        part = compiling.transformer(step, making)
        try:
            if clock() > end:
                raise ValueError(f"the preview ends here, after {LONGEST_SECONDS:.0f} seconds")
            after = part.fit_transform(table, truth)
        except (Invalid, ValueError, TypeError, FloatingPointError, np.linalg.LinAlgError) as error:
            return [*found, _failed(place, step, error, len(table), len(table.columns))]
        origins = follow(origins, name, part)
        found.append(_shown(place, step, part, table, after, origins))
        table = after
    left = unfinished(table)
    if left:
        shape = (len(table), len(table)), (len(table.columns), len(table.columns))
        found.append(Preview(len(steps), "matrix", "What the estimator gets", *shape, error=left))
    return found


def _failed(place: int, step: Step, error: Exception, n_rows: int, n_columns: int) -> Preview:
    found = compiling.failure(compiling.name_of(place, step), error)
    return Preview(place, step.kind, step.entry.title, (n_rows, n_rows), (n_columns, n_columns), error=found)


def _shown(
    place: int, step: Step, part: Any, before: Table, after: Table, origins: dict[str, Origin]
) -> Preview:
    made = [
        Made(name, KINDS[after.kinds[name]], tuple(sources), origins[name], name not in before.values)
        for name, sources in part.sources_.items()
        if name in after.values
    ]
    gone = {name: "was replaced" for name in before.columns if name not in after.values}
    shown = [one.name for one in made][:SHOWN_COLUMNS]
    read = dict.fromkeys(source for one in made[:SHOWN_COLUMNS] for source in one.sources)
    touched = list(read or gone)[:SHOWN_COLUMNS]
    places = telling_rows(before, after, shown)
    return Preview(
        place, step.kind, step.entry.title, (len(before), len(after)),
        (len(before.columns), len(after.columns)), tuple(made[:MOST_MADE]), len(made),
        gone | getattr(part, "dropped_", {}),
        _cells(before, touched, places), _cells(after, shown, places),
    )  # fmt: skip


def telling_rows(before: Table, after: Table, names: list[str]) -> list[int]:
    """Rows to show: those where a column changes first, then the first ones."""
    changed = np.zeros(len(before), dtype=bool)
    for name in names:
        if name in before.values and before.kinds[name] == after.kinds[name]:
            old, new = before.values[name], after.values[name]
            changed |= np.asarray((old != new) & ~(gaps_of(old) & gaps_of(new)), dtype=bool)
    order = np.concatenate([np.flatnonzero(changed), np.flatnonzero(~changed)])
    return sorted(int(place) for place in order[:SHOWN_ROWS])


def _cells(table: Table, names: list[str], places: list[int]) -> dict[str, list[Any]]:
    return {name: cells(table, name, places) for name in names if name in table.values}


def cells(table: Table, name: str, places: list[int]) -> list[Any]:
    """The values of a column in these rows as JSON: missing as None, times as text."""
    values, kind = table.values[name][places], table.kinds[name]
    if kind == "time":
        return [None if np.isnat(value) else str(value)[:19] for value in values]
    if kind == "text":
        return [value if value is None else value[:200] for value in values.tolist()]
    known = [value if np.isfinite(value) else None for value in values.tolist()]
    return [None if value is None else bool(value) for value in known] if kind == "boolean" else known
