"""Ids of version 7: by time, unique, of the standard's form."""

import time
import uuid

from mlregistry.lib.time_ordered import time_ordered_uuid


def test_ids_grow_from_millisecond_to_millisecond() -> None:
    first = time_ordered_uuid()
    time.sleep(0.002)
    assert first < time_ordered_uuid()


def test_an_id_holds_its_moment_version_and_variant() -> None:
    before = time.time_ns() // 1_000_000
    made = time_ordered_uuid()
    assert before <= made.int >> 80 <= time.time_ns() // 1_000_000
    assert (made.version, made.variant) == (7, uuid.RFC_4122)


def test_many_ids_of_one_moment_differ() -> None:
    assert len({time_ordered_uuid() for _ in range(20_000)}) == 20_000
