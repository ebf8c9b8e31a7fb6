"""Operations on times and on mixed columns: parts of the calendar, formulas, figures of a group."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from mlregistry.lib.formulas.parser import parse
from mlregistry.ml.compiling.forms import Array, Form, Run, need
from mlregistry.ml.steps.applying import MICROSECONDS, ConvertColumns
from mlregistry.ml.steps.formulas import as_kind, evaluate
from mlregistry.ml.steps.frames import Table, objects
from mlregistry.ml.steps.groups import SEPARATOR
from mlregistry.ml.steps.times import ATTRIBUTES, DateFeatures


def date_parts(form: Form, parts: list[Run]) -> Run:
    """What the step `dates` makes of each column of times."""
    names = [str(name) for name in form.options["parts"]]
    need(all(name in ATTRIBUTES or name == "days" for name in names), form)
    features = DateFeatures(names, bool(form.options["cyclic"]))

    def run(times: Array) -> Array:
        columns = {str(i): times[:, i] for i in range(times.shape[1])}
        return features.transform(Table(columns, dict.fromkeys(columns, "time"), range(len(times))))

    return run


def fill_times(form: Form, parts: list[Run]) -> Run:
    fills = np.array(
        [np.datetime64(str(fill), "us") for fill in form.options["fills"]], dtype="datetime64[us]"
    )
    return lambda times: np.where(np.isnat(times), fills, times)


def time_gaps(form: Form, parts: list[Run]) -> Run:
    return lambda times: np.isnat(times).astype(np.float64)


def times_of_numbers(form: Form, parts: list[Run]) -> Run:
    unit = str(form.options["unit"])
    need(unit in MICROSECONDS, form)
    convert = ConvertColumns([], "time", unit)._times
    return lambda values: np.column_stack([convert(values[:, i], "number") for i in range(values.shape[1])])


def formula(form: Form, parts: list[Run]) -> Run:
    """One new column; the columns it reads come one by one in the order of `columns`."""
    names, kinds = list(form.options["columns"]), list(form.options["kinds"])
    tree, kind = parse(str(form.options["formula"])), str(form.options["kind"])

    def run(columns: list[Any]) -> Any:
        values = {
            name: objects(one) if isinstance(one, list) else one
            for name, one in zip(names, columns, strict=True)
        }
        table = Table(values, dict(zip(names, kinds, strict=True)), range(len(columns[0])))
        made = as_kind(evaluate(tree, table), kind)
        return [made.tolist()] if kind == "text" else made[:, None]

    return run


def groups(form: Form, parts: list[Run]) -> Run:
    """The figures of the group that the key columns, as text, name together."""
    table = form.floats("table", ndim=2, finite=False)
    keys = [str(key) for key in form.options["keys"]]
    need(len(table) == len(keys) + 1, form)
    rows = {key: row for row, key in enumerate(keys)}

    def run(columns: list[list[Any]]) -> Array:
        named = (SEPARATOR.join(parts) for parts in zip(*columns, strict=True))
        found: Array = table[[rows.get(key, len(keys)) for key in named]]
        return found

    return run


def written_times(form: Form, parts: list[Run]) -> Run:
    """Times as text, as the steps write them."""

    def run(times: Array) -> list[list[Any]]:
        return [
            [None if pd.isna(value) else str(value) for value in times[:, i].tolist()]
            for i in range(times.shape[1])
        ]

    return run


OPS: dict[str, Any] = {
    "date_parts": date_parts, "fill_times": fill_times, "time_gaps": time_gaps, "formula": formula, "groups": groups,
    "times_of_numbers": times_of_numbers, "written_times": written_times,
}  # fmt: skip
