"""The cells of decoded rows as the three registers that a row plan begins with. Scoring calls it for every request.

What is not plainly right goes through `Signature.frame`, which converts it or says what is wrong with it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from operator import contains, itemgetter
from typing import Any

import numpy as np

from mlregistry.ml.compiling.forms import Array
from mlregistry.ml.signature import Signature

Row = Mapping[str, Any]
Given = tuple[Array, list[list[Any]], Array]
KINDS = {
    "integer": "numbers",
    "float": "numbers",
    "boolean": "numbers",
    "string": "texts",
    "datetime": "times",
}
PLAIN = {"integer": int, "float": float, "boolean": bool, "string": str}
NUMBERS, TEXTS, TIMES = 0, 1, 2


def names_by_kind(signature: Signature) -> dict[str, list[str]]:
    """The inputs of each register, in the order of the signature."""
    found: dict[str, list[str]] = {"numbers": [], "texts": [], "times": []}
    for field in signature.inputs:
        found[KINDS[field.type]].append(field.name)
    return found


def reader(signature: Signature) -> Callable[[Sequence[Row]], Given]:
    """A function from rows to registers. Invalid as `Signature.frame` raises it."""
    names = names_by_kind(signature)
    in_order = [*names["numbers"], *names["texts"]]
    if names["times"] or not in_order:
        return lambda rows: from_frame(signature, rows)
    types = {field.name: field for field in signature.inputs}
    allowed = [_types(types[name]) for name in in_order]
    pick = _picker(in_order)
    n_fields, n_numbers = len(in_order), len(names["numbers"])

    def read(rows: Sequence[Row]) -> Given:
        cells = _plain_cells(rows, pick, n_fields, allowed)
        if cells is None:
            return from_frame(signature, rows)
        numbers = np.array([row[:n_numbers] for row in cells], dtype=np.float64)
        # json has no NaN; a file of CSV may, and there it means missing.
        if not math.isfinite(np.add.reduce(numbers, axis=None)) and _has_odd_numbers(cells, n_numbers):
            return from_frame(signature, rows)
        texts = [list(column) for column in zip(*(row[n_numbers:] for row in cells), strict=True)]
        return numbers, texts, np.empty((len(rows), 0), dtype="datetime64[us]")

    return read


def _types(field: Any) -> frozenset[type]:
    plain = {PLAIN[field.type]} | ({int} if field.type == "float" else set())
    return frozenset(plain if field.required else plain | {type(None)})


def _picker(names: list[str]) -> Callable[[Row], tuple[Any, ...]]:
    if len(names) == 1:
        return lambda row: (row[names[0]],)
    return itemgetter(*names)


def _plain_cells(
    rows: Sequence[Row], pick: Callable[[Row], tuple[Any, ...]], n_fields: int, allowed: list[frozenset[type]]
) -> list[tuple[Any, ...]] | None:
    """The cells in order where every one has a type that needs no conversion; None where one has not."""
    cells = []
    for row in rows:
        if len(row) != n_fields:
            return None
        try:
            picked = pick(row)
        except KeyError:
            return None
        if not all(map(contains, allowed, map(type, picked))):
            return None
        cells.append(picked)
    return cells or None


def _has_odd_numbers(cells: list[tuple[Any, ...]], n_numbers: int) -> bool:
    return any(
        type(value) is float and not math.isfinite(value) for row in cells for value in row[:n_numbers]
    )


def from_frame(signature: Signature, rows: Sequence[Row]) -> Given:
    """The registers by way of the checked frame that the native pipeline takes."""
    frame = signature.frame(rows, strict=True)
    names = names_by_kind(signature)
    columns = [frame[name].to_numpy(dtype=np.float64, na_value=np.nan) for name in names["numbers"]]
    numbers = np.column_stack(columns) if columns else np.empty((len(frame), 0))
    texts = [frame[name].tolist() for name in names["texts"]]
    moments = [frame[name].to_numpy("datetime64[us]") for name in names["times"]]
    times = np.column_stack(moments) if moments else np.empty((len(frame), 0), dtype="datetime64[us]")
    return numbers, texts, times
