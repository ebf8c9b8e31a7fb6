"""One line of the prediction log. `predict` makes it, `segments` stores it, the shipper reads it."""

from __future__ import annotations

import os
import time
from collections import deque
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Annotated, Any

import msgspec

from mlregistry.ml.plain_rows import PlainNumbers, PlainRows, Row

N_FETCHED = 256
CHANCE, FIXED = (int(tail * N_FETCHED, 16) for tail in ("0fff3fffffffffffffff", "70008000000000000000"))
MANY = 16  # rows; fewer ids are encoded sooner one by one
Place = Annotated[int, msgspec.Meta(ge=0, lt=2**40)]  # in a segment, in bytes


class Record(msgspec.Struct, frozen=True, array_like=True):
    """One answered request. Segments outlive releases: add fields only at the end, with a default.

    `at` is seconds since 1970 (UTC). The prediction of row i has the id `<id>-<i>`, i from 0. What was asked lies in
    `inputs`, or in `columns` and `cells`, or in `columns` and, for many numbers, `numbers` and `whole` (doubles in
    eight bytes each, lowest first, row by row; and, where any was written as an integer, a bit for each that tells
    which, highest first), or (where the policy keeps no inputs) nowhere. In a segment `columns` may be the place of
    `Names` there; who reads the segment puts the names in.
    """

    id: str
    at: float
    team_id: int
    endpoint_id: int
    variant: str
    version_id: int
    request_id: str
    unit_id: str | None
    n_rows: int
    seconds: float
    inputs: list[dict[str, Any]] | None
    predictions: list[Any]
    probabilities: Any = None
    columns: Sequence[str] | Place = []
    cells: Sequence[Sequence[Any]] = []
    numbers: bytes = b""
    whole: bytes = b""

    def given(self) -> Sequence[Row]:
        """The inputs of each row by column; empty ones where they are not kept."""
        if self.numbers:
            return PlainNumbers.from_bytes(self._names(), self.numbers, self.whole)
        if self.cells:
            return PlainRows(self._names(), [tuple(row) for row in self.cells])
        return self.inputs or [{}] * self.n_rows

    def _names(self) -> tuple[str, ...]:
        if isinstance(self.columns, int):
            raise TypeError("The names of columns lie in the segment.")
        return tuple(self.columns)


class Names(msgspec.Struct, frozen=True):
    """What many records of a segment share, and what stands there once, in a frame of its own before them."""

    columns: tuple[str, ...]


class Columns(tuple[str, ...]):
    """Names of columns that many requests send. A record has `shared` for them."""

    shared: Shared

    def __new__(cls, names: Iterable[str]) -> Columns:
        made = super().__new__(cls, names)
        made.shared = Shared(made)
        return made


class Shared:
    """Stands for names of columns in a record that is not written yet: a segment writes their place instead."""

    __slots__ = ("names",)

    def __init__(self, names: Columns) -> None:
        self.names = Names(tuple(names))


def _whole(shared: Shared) -> tuple[str, ...]:
    return shared.names.columns


encode = msgspec.msgpack.Encoder(enc_hook=_whole).encode
decode = msgspec.msgpack.Decoder(Record).decode
decode_names = msgspec.msgpack.Decoder(Names).decode
NAMES = encode(Names(()))[:1]  # how a frame of names begins and none of a record, which is an array


def new_id() -> str:
    """A UUIDv7 in hex: unique, and rising with time, so an index on it stays compact."""
    try:
        tail = _tails.pop()
    except IndexError:
        tail = _more_tails()
    return f"{time.time_ns() // 1_000_000:012x}{tail}"


_tails: deque[str] = deque()


def _more_tails() -> str:
    """What follows the time: version, variant and 74 bits of the system's chance, made for many ids at once."""
    noise = int.from_bytes(os.urandom(10 * N_FETCHED), "big")
    digits = f"{noise & CHANCE | FIXED:x}"
    _tails.extend(digits[start : start + 20] for start in range(20, len(digits), 20))
    return digits[:20]


os.register_at_fork(after_in_child=_tails.clear)  # or both processes would go on with the same bits


def prediction_ids(record_id: str, n_rows: int) -> list[str] | msgspec.Raw:
    """A list, or many as the JSON of one: an id has no character that would have to be escaped."""
    if n_rows == 1:
        return [f"{record_id}-0"]
    if n_rows < MANY:
        return [f"{record_id}-{row}" for row in range(n_rows)]
    begin = f'"{record_id}-'.encode()
    ends = _row_numbers((n_rows - 1).bit_length())[:n_rows]
    return msgspec.Raw(b"[" + begin + (b"," + begin).join(ends) + b"]")


@lru_cache
def _row_numbers(n_bits: int) -> tuple[bytes, ...]:
    """How the ids of rows end whose numbers have so many bits."""
    return tuple(b'%d"' % row for row in range(1 << n_bits))
