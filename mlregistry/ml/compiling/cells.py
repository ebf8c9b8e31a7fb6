"""The cells of decoded rows as the three registers that a row plan begins with. Scoring calls it for every request.

What is not plainly right goes through `Signature.frame`, which converts it or says what is wrong with it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from operator import contains, itemgetter
from typing import Any, TypeVar

import numpy as np

from mlregistry.ml.compiling.forms import Array
from mlregistry.ml.plain_rows import MOST_ORDERS, PlainNumbers, PlainRows
from mlregistry.ml.signature import CONVERSIONS, Field, Signature

Row = Mapping[str, Any]
Cells = tuple[Any, ...]
Names = tuple[str, ...]
Order = TypeVar("Order")
Given = tuple[Array, list[list[Any]], Array]
KINDS = {
    "integer": "numbers", "float": "numbers", "boolean": "numbers", "string": "texts", "datetime": "times",
}  # fmt: skip
PLAIN: dict[str, frozenset[type]] = {
    "integer": frozenset({int, float}), "float": frozenset({float, int}), "boolean": frozenset({bool}),
    "string": frozenset({str}), "datetime": frozenset({str}),
}  # fmt: skip
NUMBERS, TEXTS, TIMES = 0, 1, 2
NO_TIME = np.datetime64("NaT", "us")


def names_by_kind(signature: Signature) -> dict[str, list[str]]:
    """The inputs of each register, in the order of the signature."""
    found: dict[str, list[str]] = {"numbers": [], "texts": [], "times": []}
    for field in signature.inputs:
        found[KINDS[field.type]].append(field.name)
    return found


def reader(signature: Signature) -> Callable[[Sequence[Row]], Given]:
    """A function from rows to registers. Invalid as `Signature.frame` raises it."""
    names = names_by_kind(signature)
    pick = picker(signature)
    first_text = len(names["numbers"])
    first_time = first_text + len(names["texts"])
    n_fields = len(signature.inputs)
    take = _columns(tuple(names["numbers"]))

    def read(rows: Sequence[Row]) -> Given:
        if isinstance(rows, PlainNumbers):
            return take(rows), [], np.empty((len(rows), 0), dtype=NO_TIME.dtype)
        cells = pick(rows)
        if cells is None:
            return from_frame(signature, rows)
        numbers = np.array(
            cells if first_text == n_fields else [row[:first_text] for row in cells], dtype=np.float64
        )
        # JSON has no NaN; a file of CSV may, and there it means missing.
        if not isinstance(rows, PlainRows) and _has_odd_numbers(numbers, cells, first_text):
            return from_frame(signature, rows)
        texts = [list(column) for column in zip(*(row[first_text:first_time] for row in cells), strict=True)]
        if first_time == n_fields:
            return numbers, texts, np.empty((len(cells), 0), dtype=NO_TIME.dtype)
        times = _times([row[first_time:] for row in cells])
        return from_frame(signature, rows) if times is None else (numbers, texts, times)

    return read


def _columns(wanted: tuple[str, ...]) -> Callable[[PlainNumbers], Array]:
    """The numbers in the order of the register, whatever the order of their columns."""
    order_of = _remembered(wanted, np.array)

    def taken(rows: PlainNumbers) -> Array:
        return rows.numbers if rows.names == wanted else rows.numbers.take(order_of(rows.names), axis=1)

    return taken


def _remembered(wanted: tuple[str, ...], make: Callable[[list[int]], Order]) -> Callable[[Names], Order]:
    """What is made of the places of the wanted columns among those that a client sends; the newest are remembered."""
    known: dict[Names, Order] = {}

    def order_of(names: Names) -> Order:
        order = known.get(names)
        if order is None:
            if len(known) >= MOST_ORDERS:
                known.clear()
            order = known[names] = make([names.index(name) for name in wanted])
        return order

    return order_of


def picker(signature: Signature) -> Callable[[Sequence[Row]], Sequence[Cells] | None]:
    """The cells of each row, numbers first, then texts, then times, in the order of the signature; None where one of
    them needs a conversion or a word about what is wrong."""
    in_order = tuple(name for names in names_by_kind(signature).values() for name in names)
    reordered, checked = _orders(in_order), _checked(signature, in_order)
    return lambda rows: reordered(rows) if isinstance(rows, PlainRows) else checked(rows)


def _orders(wanted: tuple[str, ...]) -> Callable[[PlainRows], Sequence[Cells]]:
    """The cells of plain rows in the order of the registers, whatever the order of their columns."""
    order_of = _remembered(wanted, lambda places: itemgetter(*places))
    same: Names = ()  # the names of the last rows in this order: mostly the next ones have the very same

    def reordered(rows: PlainRows) -> Sequence[Cells]:
        nonlocal same
        if rows.names is same:
            return rows.cells
        if rows.names == wanted:
            same = rows.names
            return rows.cells
        order = order_of(rows.names)
        return [order(row) for row in rows.cells]

    return reordered


def _checked(signature: Signature, in_order: Sequence[str]) -> Callable[[Sequence[Row]], list[Cells] | None]:
    """Of rows that nobody has looked at yet."""
    fields = {field.name: field for field in signature.inputs}
    allowed = [_types(fields[name]) for name in in_order]
    whole = [place for place, name in enumerate(in_order) if fields[name].type == "integer"]
    n_fields = len(in_order)
    pick: Callable[[Row], Cells] = (
        itemgetter(*in_order) if n_fields > 1 else lambda row: tuple(row[name] for name in in_order)
    )

    def cells_of(rows: Sequence[Row]) -> list[Cells] | None:
        found = []
        for row in rows:
            if len(row) != n_fields:
                return None
            try:
                cells = pick(row)
            except KeyError:
                return None
            if not all(map(contains, allowed, map(type, cells))):
                return None
            for place in whole:
                if type(cells[place]) is float and not cells[place].is_integer():
                    return None
            found.append(cells)
        return found or None

    return cells_of


def _types(field: Field) -> frozenset[type]:
    plain = PLAIN[field.type]
    return plain if field.required else plain | {type(None)}


def _has_odd_numbers(numbers: Array, cells: Sequence[Cells], n_numbers: int) -> bool:
    return not math.isfinite(np.add.reduce(numbers, axis=None)) and any(
        has_odd(row[:n_numbers]) for row in cells
    )


def has_odd(cells: Cells) -> bool:
    """Whether a number of Python's is not finite: it stands for a gap, or is wrong."""
    return any(type(value) is float and not math.isfinite(value) for value in cells)


def _times(rows: list[Cells]) -> Array | None:
    """Rows × columns; None where a text is no time."""
    width = len(rows[0])
    made = np.full((len(rows), width), NO_TIME)
    if not width:
        return made
    for place, row in enumerate(rows):
        for column, text in enumerate(row):
            if text is not None:
                moment = CONVERSIONS["datetime"](text)
                if moment is None:
                    return None
                made[place, column] = moment.asm8
    return made


def from_frame(signature: Signature, rows: Sequence[Row]) -> Given:
    """The registers by way of the checked frame that the native pipeline takes."""
    frame = signature.frame(rows[:] if isinstance(rows, PlainRows) else rows, strict=True)
    names = names_by_kind(signature)
    columns = [frame[name].to_numpy(dtype=np.float64, na_value=np.nan) for name in names["numbers"]]
    numbers = np.column_stack(columns) if columns else np.empty((len(frame), 0))
    texts = [frame[name].tolist() for name in names["texts"]]
    moments = [frame[name].to_numpy("datetime64[us]") for name in names["times"]]
    times = np.column_stack(moments) if moments else np.empty((len(frame), 0), dtype="datetime64[us]")
    return numbers, texts, times
