"""Rows whose cells were found right when they were read. The prediction path makes them, compiled forms read them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, overload

Row = dict[str, Any]
MOST_ORDERS = 64  # of columns, remembered for each model; clients of one program send one


class PlainRows(Sequence[Row]):
    """A list of dicts to whoever looks; in truth names once, and the cells of each row in their order.

    Every column of the signature is there and nothing else; each cell is of its column's type: a finite number, a
    whole one that fits into 64 bits, true or false, a text without NUL; or None where the column allows it.
    """

    __slots__ = ("cells", "names")

    def __init__(self, names: tuple[str, ...], cells: Sequence[tuple[Any, ...]]) -> None:
        self.names = names
        self.cells = cells

    def __len__(self) -> int:
        return len(self.cells)

    @overload
    def __getitem__(self, place: int) -> Row: ...
    @overload
    def __getitem__(self, place: slice) -> list[Row]: ...
    def __getitem__(self, place: int | slice) -> Row | list[Row]:
        if isinstance(place, slice):
            return [dict(zip(self.names, row, strict=True)) for row in self.cells[place]]
        return dict(zip(self.names, self.cells[place], strict=True))


def as_dicts(rows: Sequence[Row]) -> list[Row]:
    """For what goes through the rows many times: dicts that were made once."""
    if isinstance(rows, list):
        return rows
    return rows[:] if isinstance(rows, PlainRows) else list(rows)
