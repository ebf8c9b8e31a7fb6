"""Rows whose cells were found right when they were read. The prediction path makes them, compiled forms read them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, overload

from mlregistry.lib.lazily import lazily

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
else:
    np = lazily("numpy")

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

    def kept(self) -> tuple[Sequence[tuple[Any, ...]], bytes, bytes]:
        """What a copy of the rows takes besides the names: cells, or numbers in eight bytes each, lowest first, row by
        row, and a bit for each whether it is whole (none: nowhere)."""
        return self.cells, b"", b""

    @overload
    def __getitem__(self, place: int) -> Row: ...
    @overload
    def __getitem__(self, place: slice) -> list[Row]: ...
    def __getitem__(self, place: int | slice) -> Row | list[Row]:
        if isinstance(place, slice):
            return [dict(zip(self.names, row, strict=True)) for row in self.cells[place]]
        return dict(zip(self.names, self.cells[place], strict=True))


class PlainNumbers(PlainRows):
    """Plain rows of numbers alone, as an array of rows × columns; nobody may write into it.

    `whole`, of the same shape, is not 0 where a number was written as an integer (None: nowhere), which an exact
    copy of what was asked has to tell; to a model 3 and 3.0 are the same.
    """

    __slots__ = ("_cells", "numbers", "whole")

    def __init__(
        self, names: tuple[str, ...], numbers: NDArray[np.float64], whole: NDArray[np.uint8] | None = None
    ) -> None:
        self.names = names
        self.numbers = numbers
        self.whole = whole
        self._cells: list[tuple[Any, ...]] | None = None

    def __len__(self) -> int:
        return len(self.numbers)

    @property
    def cells(self) -> Sequence[tuple[Any, ...]]:  # type: ignore[override]  # made when somebody asks
        if self._cells is None:
            rows = self.numbers.tolist()
            if self.whole is not None:
                for row, column in np.argwhere(self.whole).tolist():
                    rows[row][column] = int(rows[row][column])
            self._cells = [tuple(row) for row in rows]
        return self._cells

    def kept(self) -> tuple[Sequence[tuple[Any, ...]], bytes, bytes]:
        numbers = self.numbers.astype("<f8", copy=False).tobytes()
        return (), numbers, b"" if self.whole is None else np.packbits(self.whole).tobytes()

    @classmethod
    def from_bytes(cls, names: Sequence[str], numbers: bytes, whole: bytes) -> PlainNumbers:
        shape = (-1, len(names))
        values = np.frombuffer(numbers, dtype="<f8").reshape(shape)
        if not whole:
            return cls(tuple(names), values)
        bits = np.unpackbits(np.frombuffer(whole, dtype=np.uint8), count=values.size)
        return cls(tuple(names), values, bits.reshape(shape))


def as_dicts(rows: Sequence[Row]) -> list[Row]:
    """For what goes through the rows many times: dicts that were made once."""
    if isinstance(rows, list):
        return rows
    return rows[:] if isinstance(rows, PlainRows) else list(rows)
