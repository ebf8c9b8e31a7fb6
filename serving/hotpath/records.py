"""One line of the prediction log. `predict` makes it, `segments` stores it, the shipper reads it."""

from __future__ import annotations

import os
import time
from collections import deque
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import msgspec

from mlregistry.ml.plain_rows import PlainNumbers, PlainRows, Row

N_FETCHED = 256
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


def new_id() -> str:
    """A UUIDv7 in hex: unique, and rising with time, so an index on it stays compact."""
    millis = time.time_ns() // 1_000_000
    noise = int.from_bytes(_random(), "big")
    high = (millis & 0xFFFFFFFFFFFF) << 16 | 0x7000 | noise >> 68
    low = 0b10 << 62 | noise & (1 << 62) - 1
    return f"{high << 64 | low:032x}"


_noise: deque[bytes] = deque()


def _random() -> bytes:
    """Ten bytes of the system's, which are fetched for many ids at once."""
    try:
        return _noise.pop()
    except IndexError:
        many = os.urandom(10 * N_FETCHED)
        _noise.extend(many[start : start + 10] for start in range(10, len(many), 10))
        return many[:10]


os.register_at_fork(after_in_child=_noise.clear)  # or both processes would go on with the same bytes


def prediction_ids(record_id: str, n_rows: int) -> list[str] | msgspec.Raw:
    """A list, or many as the JSON of one: an id has no character that would have to be escaped."""
    if n_rows < MANY:
        return [f"{record_id}-{row}" for row in range(n_rows)]
    begin = f'"{record_id}-'.encode()
    ends = _row_numbers((n_rows - 1).bit_length())[:n_rows]
    return msgspec.Raw(b"[" + begin + (b"," + begin).join(ends) + b"]")


@lru_cache
def _row_numbers(n_bits: int) -> tuple[bytes, ...]:
    """How the ids of rows end whose numbers have so many bits."""
    return tuple(b'%d"' % row for row in range(1 << n_bits))


encode = msgspec.msgpack.Encoder().encode
decode = msgspec.msgpack.Decoder(Record).decode
