"""Ids that grow with time: rows that are made together lie together in every index. Called by models."""

from __future__ import annotations

import secrets
import time
import uuid

RANDOM_BITS = 74


def time_ordered_uuid() -> uuid.UUID:
    """A UUID of version 7 (RFC 9562, section 5.7): 48 bits of milliseconds since 1970, then 74 random bits."""
    random = secrets.randbits(RANDOM_BITS)
    high = (time.time_ns() // 1_000_000 & (1 << 48) - 1) << 16 | 0x7000 | random >> 62
    low = 0b10 << 62 | random & (1 << 62) - 1
    return uuid.UUID(int=high << 64 | low)
