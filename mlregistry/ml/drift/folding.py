"""Columns and rows of the prediction log into counters. Called by those who follow the log."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mlregistry.lib.floats import as_float
from mlregistry.lib.lazily import lazily
from mlregistry.ml.drift.baselines import INPUT, PREDICTION, PROBABILITY, Baseline, WatchedColumn
from mlregistry.ml.drift.counters import Counters, counted_values
from mlregistry.ml.drift.json_rows import JsonRows, answers_of
from mlregistry.ml.drift.values import CategoryValues, Values, label, of_counts, of_numbers

if TYPE_CHECKING:
    import numpy as np

    from mlregistry.ml.drift.sides import Floats
else:
    np = lazily("numpy")

UNLOGGED = ("{}", b"{}")
LoggedRow = tuple[str, str] | tuple[bytes, bytes]
"""Inputs and answer of a row, each as JSON."""


@dataclass(frozen=True, order=True)
class Hour:
    """Whose counters: an endpoint's variant and version in the hour that begins at `at`, in seconds since 1970."""

    endpoint_id: int
    variant: str
    version_id: int
    at: int


def reader_of(baseline: Baseline) -> JsonRows:
    """Of the inputs that the baseline watches."""
    inputs = [column for column in baseline.columns if column.name.startswith(INPUT)]
    return JsonRows({column.name[len(INPUT) :]: column.numbers is not None for column in inputs})


def fold_logged(
    baseline: Baseline,
    reader: JsonRows,
    rows: Sequence[LoggedRow],
    classes: Sequence[Any] = (),
) -> Counters:
    """Of logged rows; `{}` are inputs that were not logged."""
    given = [inputs for inputs, _ in rows if inputs not in UNLOGGED]
    columns = {INPUT + name: values for name, values in reader.columns(given).items()} if given else {}
    predictions, probabilities = answers_of([answer for _, answer in rows])
    columns[PREDICTION] = predictions
    for place, each in enumerate(classes):
        columns[f"{PROBABILITY}{each}"] = [_at(row, place) for row in probabilities]
    return fold_columns(baseline, columns, n_rows=len(rows))


def fold_columns(baseline: Baseline, columns: Mapping[str, Any], *, n_rows: int) -> Counters:
    """Of columns by their watched name: arrays, or lists of JSON values. One that is not given was not looked at."""
    values = {
        column.name: values_of(column, columns[column.name])
        for column in baseline.columns
        if column.name in columns
    }
    return counted_values(baseline, values, n_rows=n_rows)


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
        counts = Counter(value if value is None or isinstance(value, str) else str(value) for value in listed)
    found: dict[str, int] = {}
    n_missing = 0
    for value, n in counts.items():
        if value is None or value != value:
            n_missing += n
        else:
            text = label(value)
            found[text] = found.get(text, 0) + n
    return of_counts(found, n_missing)
