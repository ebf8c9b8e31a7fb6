"""One line of the prediction log. `predict` makes it, `segments` stores it, the shipper reads it."""

from __future__ import annotations

import os
import time
from typing import Any

import msgspec


class Record(msgspec.Struct, frozen=True, array_like=True):
    """One answered request. Segments outlive releases: add fields only at the end, with a default.

    `at` is seconds since 1970 (UTC). The prediction of row i has the id `<id>-<i>`, i from 0.
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


def new_id() -> str:
    """A UUIDv7 in hex: unique, and rising with time, so an index on it stays compact."""
    millis = time.time_ns() // 1_000_000
    noise = int.from_bytes(os.urandom(10), "big")
    high = (millis & 0xFFFFFFFFFFFF) << 16 | 0x7000 | noise >> 68
    low = 0b10 << 62 | noise & (1 << 62) - 1
    return f"{high << 64 | low:032x}"


def prediction_ids(record_id: str, n_rows: int) -> list[str]:
    return [f"{record_id}-{row}" for row in range(n_rows)]


encode = msgspec.msgpack.Encoder().encode
decode = msgspec.msgpack.Decoder(Record).decode
