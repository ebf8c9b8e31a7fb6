"""One line of the prediction log. `predict` makes it, `segments` stores it, the shipper reads it."""

from __future__ import annotations

import os
import time
from collections import deque
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any

import msgspec

from mlregistry.ml.plain_rows import PlainNumbers, PlainRows, Row

N_FETCHED = 256
CHANCE, FIXED = (int(tail * N_FETCHED, 16) for tail in ("0fff3fffffffffffffff", "70008000000000000000"))
MANY = 16  # rows; fewer ids are encoded sooner one by one


class Record(msgspec.Struct, frozen=True, array_like=True):
    """One answered request. Segments outlive releases: add fields only at the end, with a default.

    `at` is seconds since 1970 (UTC). The prediction of row i has the id `<id>-<i>`, i from 0. What was asked lies in
    `inputs`, or in `columns` and `cells`, or in `columns` and, for many numbers, `numbers` and `whole` (doubles in
    eight bytes each, lowest first, row by row; and, where any was written as an integer, a bit for each that tells
    which, highest first), or (where the policy keeps no inputs) nowhere.
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
    columns: Sequence[str] = []
    cells: Sequence[Sequence[Any]] = []
    numbers: bytes = b""
    whole: bytes = b""

    def given(self) -> Sequence[Row]:
        """The inputs of each row by column; empty ones where they are not kept."""
        if self.numbers:
            return PlainNumbers.from_bytes(self.columns, self.numbers, self.whole)
        if self.cells:
            return PlainRows(tuple(self.columns), [tuple(row) for row in self.cells])
        return self.inputs or [{}] * self.n_rows


encode = msgspec.msgpack.Encoder().encode
decode = msgspec.msgpack.Decoder(Record).decode


class Columns(tuple[str, ...]):
    """Names of columns, and what a record holds of them: many requests send the same."""

    packed: msgspec.Raw

    def __new__(cls, names: Iterable[str]) -> Columns:
        made = super().__new__(cls, names)
        made.packed = msgspec.Raw(encode(tuple(made)))
        return made


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
