"""Segment files of the prediction log: framing, reading after a crash, and the shipping cursor.

A frame holds a record, or names of columns, which records behind it refer to by its place.

`log.PredictionLog` writes them; the shipping worker lists, reads and removes them.
"""

from __future__ import annotations

import fcntl
import json
import os
import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import BinaryIO
from zlib import crc32

import msgspec

from serving.hotpath import records
from serving.hotpath.records import NAMES, Names, Record

MAGIC = b"MLRLOG1\n"
RESERVED_BYTES = 1024 * 1024  # of zeros that a writer adds at a time
READ_BYTES = 1024 * 1024  # at a time
FRAME = struct.Struct("<II")  # length and CRC-32 of the payload that follows
MAX_FRAME = 256 * 1024 * 1024
OPEN, CLOSED = ".open", ".log"
UNREADABLE = (msgspec.DecodeError, struct.error)


@dataclass(frozen=True, slots=True)
class Segment:
    """One file. `stem` stays the same when the file is closed, so a cursor belongs to the stem."""

    path: Path
    closed: bool

    @property
    def stem(self) -> str:
        return self.path.stem

    @property
    def source(self) -> str:
        """Which process wrote it: its pid, then a dot and what tells it from former ones."""
        return self.path.stem.split("-")[1]


@dataclass(frozen=True, slots=True)
class Batch:
    """Records of one read, the offset to go on from, and the bytes after it that are no whole record."""

    records: list[Record]
    next_offset: int
    n_torn_bytes: int

    @property
    def n_rows(self) -> int:
        return sum(record.n_rows for record in self.records)


def listing(folder: Path) -> list[Segment]:
    """All segments, oldest first. One whose writer died counts as closed: nobody holds its lock."""
    found = [path for path in folder.iterdir() if path.suffix in (OPEN, CLOSED)] if folder.is_dir() else []
    found.sort(key=lambda path: path.stem)
    return [Segment(path, path.suffix == CLOSED or _is_orphan(path)) for path in found]


def _is_orphan(path: Path) -> bool:
    try:
        descriptor = os.open(path, os.O_RDONLY)
    except FileNotFoundError:  # closed (renamed) since it was listed
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    else:
        return True
    finally:
        os.close(descriptor)


def read_batch(path: Path, *, offset: int = 0, limit: int = 10_000) -> Batch:
    """Whole records from an offset, until they hold `limit` rows or more.

    A torn tail (a writer killed inside a write, or still at it) ends the batch and is counted, not raised; zeros are
    room that a writer had reserved.
    A segment renamed meanwhile is found under its closed name.
    """
    found: list[Record] = []
    with _opened(path) as file:
        size = os.fstat(file.fileno()).st_size
        if offset == 0 and file.read(len(MAGIC)) != MAGIC:
            return Batch([], 0, size)
        at, n_rows = max(offset, len(MAGIC)), 0
        names_at = cache(partial(_names_at, file.fileno()))
        for payload in _payloads(file, at, size):
            if not payload.startswith(NAMES):
                try:
                    found.append(_with_names(records.decode(payload), names_at))
                except UNREADABLE:
                    return Batch(found, at, size - at)
                n_rows += found[-1].n_rows
            at += FRAME.size + len(payload)
            if n_rows >= limit:
                return Batch(found, at, 0)
        return Batch(found, at, 0 if _is_reserve(file, at, size) else size - at)


def _with_names(record: Record, names_at: Callable[[int], tuple[str, ...]]) -> Record:
    if isinstance(record.columns, int):
        return msgspec.structs.replace(record, columns=names_at(record.columns))
    return record


def _names_at(descriptor: int, place: int) -> tuple[str, ...]:
    """Raises one of UNREADABLE where no whole frame of names stands there."""
    length, checksum = FRAME.unpack(os.pread(descriptor, FRAME.size, place))
    payload = os.pread(descriptor, min(length, MAX_FRAME), place + FRAME.size)
    if crc32(payload) != checksum:
        raise msgspec.DecodeError("no whole frame of names")
    return records.decode_names(payload).columns


def _payloads(file: BinaryIO, at: int, size: int) -> Iterator[bytes]:
    """Those of the whole frames from `at` on, read in blocks; the first that is not whole ends them."""
    while at < size:
        file.seek(at)
        block = file.read(READ_BYTES)
        start = 0
        while (end := _end(block, start, room=size - at)) is not None:
            if end > len(block):
                if not start:  # longer than a block
                    block += file.read(end - len(block))
                if end > len(block):
                    break
            payload = block[start + FRAME.size : end]
            if crc32(payload) != FRAME.unpack_from(block, start)[1]:
                return
            yield payload
            start = end
        if not start:
            return
        at += start


def _is_reserve(file: BinaryIO, at: int, size: int) -> bool:
    """Whether a frame of no length begins here, or less than its head is left of zeros."""
    file.seek(at)
    return not any(file.read(min(FRAME.size, size - at)))


def room_for(record: Record) -> int:
    """Bytes that a segment with this record alone needs at most, the names of its columns among them."""
    largest_place = 9
    return (
        len(MAGIC)
        + 2 * FRAME.size
        + len(records.encode(record))
        + len(records.encode(Names(())))
        + largest_place
    )


def records_in(data: bytes) -> Iterator[Record]:
    """Those of whole frames that lie one behind the other, names of columns as they stand there."""
    at = 0
    while at < len(data):
        length, _ = FRAME.unpack_from(data, at)
        payload = data[at + FRAME.size : at + FRAME.size + length]
        if not payload.startswith(NAMES):
            yield records.decode(payload)
        at += FRAME.size + length


def _opened(path: Path) -> BinaryIO:
    try:
        return path.open("rb")
    except FileNotFoundError:
        return path.with_suffix(CLOSED).open("rb")


def _end(block: bytes, start: int, *, room: int) -> int | None:
    """Where the frame ends that begins there; None where its head is not whole or of no frame."""
    if len(block) - start < FRAME.size:
        return None
    length, _ = FRAME.unpack_from(block, start)
    end: int = start + FRAME.size + length
    return end if 0 < length <= MAX_FRAME and end <= room else None


def used_bytes(segment: Segment) -> int:
    """Its size without what is reserved; 0 when it is gone."""
    try:
        with _opened(segment.path) as file:
            size = os.fstat(file.fileno()).st_size
            if segment.closed:
                return size
            start = max(0, size - RESERVED_BYTES)
            file.seek(start)
            return start + len(file.read().rstrip(b"\0"))
    except FileNotFoundError:
        return 0


def read_all(path: Path, *, offset: int = 0) -> Iterator[Record]:
    """Every whole record of a segment."""
    while (batch := read_batch(path, offset=offset)).records:
        yield from batch.records
        offset = batch.next_offset


def remove(segment: Segment) -> None:
    """Removes a shipped segment."""
    segment.path.unlink(missing_ok=True)
    segment.path.with_suffix(CLOSED).unlink(missing_ok=True)


class Cursor:
    """How far each segment was shipped, in a small file that is replaced whole.

    A shipper that stores its offsets in the same transaction as the rows does not need it.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.offsets: dict[str, int] = self._load()

    def offset(self, segment: Segment) -> int:
        return self.offsets.get(segment.stem, 0)

    def advance(self, segment: Segment, offset: int) -> None:
        self.offsets[segment.stem] = offset
        self._save()

    def forget(self, segment: Segment) -> None:
        self.offsets.pop(segment.stem, None)
        self._save()

    def _load(self) -> dict[str, int]:
        try:
            data = json.loads(self.path.read_text(encoding="utf-8"))
        except (FileNotFoundError, ValueError):
            return {}
        return {str(stem): int(offset) for stem, offset in data.items()}

    def _save(self) -> None:
        draft = self.path.with_name(self.path.name + ".tmp")
        with draft.open("w", encoding="utf-8") as file:
            json.dump(self.offsets, file)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(self.path)
