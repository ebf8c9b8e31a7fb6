"""Segments after accidents: torn tails, flipped bits, foreign files; and the shipping cursor."""

from __future__ import annotations

from pathlib import Path
from zlib import crc32

import msgspec
import pytest

from serving.hotpath import records, segments
from serving.hotpath.records import Record
from serving.hotpath.segments import FRAME, MAGIC, Cursor, Segment


def record(number: int) -> Record:
    return Record(f"{number:032x}", 1.5, 1, 2, "a", 3, "r", None, 1, 0.1, None, [number])


def framed(payload: bytes) -> bytes:
    return FRAME.pack(len(payload), crc32(payload)) + payload


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "1-1-1.log"
    frames = [framed(records.encode(record(number))) for number in range(5)]
    path.write_bytes(MAGIC + b"".join(frames))
    return path


def test_every_cut_gives_the_whole_records_before_it(path: Path) -> None:
    data = path.read_bytes()
    size = (len(data) - len(MAGIC)) // 5
    for cut in range(len(data)):
        path.write_bytes(data[:cut])
        batch = segments.read_batch(path)
        n_whole = max(cut - len(MAGIC), 0) // size
        assert [found.predictions[0] for found in batch.records] == list(range(n_whole))
        assert batch.next_offset + batch.n_torn_bytes == cut


def test_a_flipped_bit_ends_the_reading_before_its_record(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)
    batch = segments.read_batch(path)
    assert len(batch.records) == 4
    assert batch.n_torn_bytes > 0


def test_an_absurd_length_is_not_believed(path: Path) -> None:
    path.write_bytes(MAGIC + FRAME.pack(2**32 - 1, 0) + b"x" * 100)
    assert segments.read_batch(path).records == []


def test_a_whole_frame_that_is_no_record_ends_the_reading(path: Path) -> None:
    path.write_bytes(path.read_bytes() + framed(b"\xc1"))
    batch = segments.read_batch(path)
    assert (len(batch.records), batch.n_torn_bytes) == (5, FRAME.size + 1)


def test_a_foreign_file_gives_nothing(tmp_path: Path) -> None:
    (tmp_path / "x.log").write_bytes(b"something else entirely")
    assert segments.read_batch(tmp_path / "x.log").records == []


def test_reading_goes_on_where_the_last_batch_ended(path: Path) -> None:
    first = segments.read_batch(path, limit=2)
    rest = segments.read_batch(path, offset=first.next_offset)
    assert [found.predictions[0] for found in first.records + rest.records] == list(range(5))
    assert segments.read_batch(path, offset=rest.next_offset).records == []
    assert [found.predictions[0] for found in segments.read_all(path)] == list(range(5))


def test_a_segment_closed_meanwhile_is_found(path: Path) -> None:
    assert len(segments.read_batch(path.with_suffix(".open")).records) == 5


def test_drafts_and_other_files_are_not_listed(path: Path) -> None:
    path.with_suffix(".new").write_bytes(b"")
    (path.parent / "cursor.json").write_bytes(b"{}")
    assert segments.listing(path.parent) == [Segment(path, closed=True)]
    assert segments.listing(path.parent / "none") == []


def test_a_removed_segment_is_gone_under_both_names(path: Path) -> None:
    segments.remove(Segment(path.with_suffix(".open"), closed=True))
    assert segments.listing(path.parent) == []


def test_a_cursor_remembers_and_forgets_over_restarts(path: Path) -> None:
    segment = Segment(path, closed=True)
    kept = path.parent / "cursor.json"
    assert Cursor(kept).offset(segment) == 0
    Cursor(kept).advance(segment, 42)
    assert Cursor(kept).offset(segment) == 42
    Cursor(kept).forget(segment)
    assert Cursor(kept).offset(segment) == 0
    kept.write_text("{torn")
    assert Cursor(kept).offset(segment) == 0


def test_a_record_with_fewer_fields_of_an_older_release_is_read() -> None:
    older = records.encode(record(1))
    assert records.decode(older).probabilities is None


@pytest.mark.parametrize(
    ("place", "names"),
    [
        (len(MAGIC), framed(records.encode(records.Names(("a",))))[:-1] + b"?"),  # a bit of it has turned
        (len(MAGIC), framed(b"\x81\xa1x\x01")),
        (2**30, framed(records.encode(records.Names(("a",))))),
        (-1, framed(records.encode(records.Names(("a",))))),
    ],
)
def test_a_record_whose_names_are_not_there_ends_the_reading(
    tmp_path: Path, place: int, names: bytes
) -> None:
    payload = records.encode(msgspec.structs.replace(record(7), columns=place, cells=[(1,)]))
    path = tmp_path / "1-1-1.log"
    path.write_bytes(MAGIC + names + framed(payload))
    batch = segments.read_batch(path)
    assert batch.records == []
    assert batch.n_torn_bytes >= len(framed(payload))
