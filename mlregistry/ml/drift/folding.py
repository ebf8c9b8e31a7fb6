"""Columns and records of the prediction log into counters: from rows of JSON values to arrays in one pass.

Called by the worker that follows the log.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from mlregistry.lib.floats import as_float
from mlregistry.lib.lazily import lazily
from mlregistry.ml.drift.baselines import INPUT, PREDICTION, PROBABILITY, Baseline, WatchedColumn
from mlregistry.ml.drift.counters import Counters, counted_values
from mlregistry.ml.drift.values import CategoryValues, Values, label, of_counts, of_numbers

if TYPE_CHECKING:
    import numpy as np

    from mlregistry.ml.drift.sides import Floats
else:
    np = lazily("numpy")

HOUR = 3600


class Logged(Protocol):
    """What is read of an answered request in the prediction log; `at` is seconds since 1970."""

    @property
    def at(self) -> float: ...
    @property
    def endpoint_id(self) -> int: ...
    @property
    def variant(self) -> str: ...
    @property
    def version_id(self) -> int: ...
    @property
    def n_rows(self) -> int: ...
    @property
    def inputs(self) -> Sequence[Mapping[str, Any]] | None: ...
    @property
    def predictions(self) -> Sequence[Any]: ...
    @property
    def probabilities(self) -> Any: ...


@dataclass(frozen=True, order=True)
class Hour:
    """Whose counters: an endpoint's variant and version in the hour that begins at `at`, in seconds since 1970."""

    endpoint_id: int
    variant: str
    version_id: int
    at: int


@dataclass
class _Rows:
    inputs: list[Mapping[str, Any]] = field(default_factory=list)
    predictions: list[Any] = field(default_factory=list)
    probabilities: list[Any] = field(default_factory=list)
    n: int = 0


def fold_records(
    records: Iterable[Logged],
    baselines: Mapping[int, Baseline],
    classes: Mapping[int, Sequence[Any]] | None = None,
) -> dict[Hour, Counters]:
    """The counters of each hour; `baselines` and `classes` go by version. Versions without a baseline are left out."""
    grouped: dict[Hour, _Rows] = defaultdict(_Rows)
    for record in records:
        if record.version_id in baselines:
            hour = int(record.at // HOUR) * HOUR
            rows = grouped[Hour(record.endpoint_id, record.variant, record.version_id, hour)]
            rows.n += record.n_rows
            rows.inputs.extend(record.inputs or ())
            rows.predictions.extend(record.predictions)
            rows.probabilities.extend(record.probabilities or ())
    known = classes or {}
    return {
        hour: _folded(baselines[hour.version_id], rows, known.get(hour.version_id, ()))
        for hour, rows in grouped.items()
    }


def fold_columns(baseline: Baseline, columns: Mapping[str, Any], *, n_rows: int) -> Counters:
    """Of columns by their watched name: arrays, or lists of JSON values. One that is not given was not looked at."""
    values = {
        column.name: values_of(column, columns[column.name])
        for column in baseline.columns
        if column.name in columns
    }
    return counted_values(baseline, values, n_rows=n_rows)


def _folded(baseline: Baseline, rows: _Rows, classes: Sequence[Any]) -> Counters:
    columns: dict[str, Any] = {}
    if rows.inputs:
        for column in baseline.columns:
            if column.name.startswith(INPUT):
                name = column.name[len(INPUT) :]
                columns[column.name] = [row.get(name) for row in rows.inputs]
    columns[PREDICTION] = rows.predictions
    for place, each in enumerate(classes):
        columns[f"{PROBABILITY}{each}"] = [_at(row, place) for row in rows.probabilities]
    return fold_columns(baseline, columns, n_rows=rows.n)


def _at(row: Any, place: int) -> Any:
    return row[place] if isinstance(row, Sequence) and place < len(row) else None


def values_of(column: WatchedColumn, values: Any) -> Values:
    """As what the column's grid counts: a value of another kind is missing."""
    if column.numbers is not None:
        return of_numbers(_floats(values))
    return _counted(values)


def _floats(values: Any) -> Floats:
    """None is missing; what is no number is missing, too."""
    try:
        return np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError, OverflowError):
        return np.array([_float(value) for value in values], dtype=np.float64)


def _float(value: Any) -> float:
    return as_float(value) if isinstance(value, int | float) else float("nan")


def _counted(values: Any) -> CategoryValues:
    listed = values.tolist() if hasattr(values, "tolist") else values
    try:
        counts: Mapping[Any, int] = Counter(listed)
    except TypeError:  # lists and objects
        counts = Counter(map(str, listed))
    found: dict[str, int] = {}
    n_missing = 0
    for value, n in counts.items():
        if value is None or value != value:
            n_missing += n
        else:
            text = label(value)
            found[text] = found.get(text, 0) + n
    return of_counts(found, n_missing)
