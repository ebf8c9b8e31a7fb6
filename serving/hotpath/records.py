"""One line of the prediction log. `predict` makes it, `segments` stores it, the shipper reads it."""

from __future__ import annotations

import os
import time
from collections import deque
from collections.abc import Sequence
from typing import Any

import msgspec

N_FETCHED = 256


class Record(msgspec.Struct, frozen=True, array_like=True):
    """One answered request. Segments outlive releases: add fields only at the end, with a default.

    `at` is seconds since 1970 (UTC). The prediction of row i has the id `<id>-<i>`, i from 0. What was asked lies in
    `inputs`, or in `columns` and `cells`, or (where the policy keeps no inputs) nowhere.
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

    def input(self, row: int) -> dict[str, Any]:
        """The inputs of a row by column; empty where they are not kept."""
        if self.cells:
            return dict(zip(self.columns, self.cells[row], strict=True))
        return self.inputs[row] if self.inputs else {}


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


def prediction_ids(record_id: str, n_rows: int) -> list[str]:
    return [f"{record_id}-{row}" for row in range(n_rows)]


encode = msgspec.msgpack.Encoder().encode
decode = msgspec.msgpack.Decoder(Record).decode
