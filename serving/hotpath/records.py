"""One line of the prediction log. `predict` makes it, `segments` stores it, the shipper reads it."""

from __future__ import annotations

import os
import time
from collections import deque
from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

N_FETCHED = 256
CHANCE, FIXED = (int(tail * N_FETCHED, 16) for tail in ("0fff3fffffffffffffff", "70008000000000000000"))


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


def prediction_ids(record_id: str, n_rows: int) -> list[str]:
    return [f"{record_id}-0"] if n_rows == 1 else [f"{record_id}-{row}" for row in range(n_rows)]
