"""One open segment of the prediction log, mapped into memory. `log.PredictionLog` writes it, `segments` reads it.

What is put into it belongs to the operating system at once, without a call of it: a process that is killed in the next
moment loses nothing, and no thread gives the interpreter away for it (but for large frames, whose pages are cheaper for
the system to fill than to map one by one). Its blocks are reserved before they are written, so that a full disk is an
error and not the end of the process.
"""

from __future__ import annotations

import errno
import fcntl
import mmap
import os
import sys
from contextlib import suppress
from pathlib import Path
from zlib import crc32

import msgspec

from serving.hotpath import records, segments
from serving.hotpath.records import Record, Shared
from serving.hotpath.segments import FRAME

READY_BYTES = 64 * 1024  # more would be written to the disk twice, as zeros first
POPULATE_WRITE = 23  # MADV_POPULATE_WRITE, which Python does not name
LARGE = 64 * 1024  # bytes of a payload


class SegmentFile:
    """`size` bytes of it are written; behind them are zeros, which are no frame."""

    def __init__(self, folder: Path, stem: str, *, max_bytes: int) -> None:
        """Raises OSError, and leaves nothing behind, when it cannot be made."""
        draft, self.path = folder / f"{stem}.new", folder / f"{stem}{segments.OPEN}"
        self.max_bytes = max_bytes
        self.size = self._reserved = self._ready = 0
        self._places: dict[Shared, int] = {}
        self._encode = msgspec.msgpack.Encoder(enc_hook=self._place_of).encode
        folder.mkdir(parents=True, exist_ok=True)
        self.descriptor = os.open(draft, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            # Locked before it can be listed: an open segment without a lock means a dead writer.
            fcntl.flock(self.descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            os.ftruncate(self.descriptor, max_bytes)
            self._map = mmap.mmap(self.descriptor, max_bytes)
            os.ftruncate(self.descriptor, 0)
            self._make_ready(len(segments.MAGIC))
            self._map[: len(segments.MAGIC)] = segments.MAGIC
            self.size = len(segments.MAGIC)
            draft.rename(self.path)
            _sync_folder(folder)
        except OSError:
            os.close(self.descriptor)
            draft.unlink(missing_ok=True)
            raise

    def put(self, record: Record) -> bool:
        """Adds a record; False where there is no room for it, nor for another. Raises OSError when the disk is full;
        nothing of the record is there then."""
        return self._add(self._encode(record))

    def _place_of(self, shared: Shared) -> int:
        """Where these names stand in the segment. Without room for them there is none for the record either."""
        place = self._places.get(shared)
        if place is None:
            place = self.size
            if self._add(records.encode(shared.names)):
                self._places[shared] = place
        return place

    def _add(self, payload: bytes) -> bool:
        """A frame. Its head comes last: until then a reader sees zeros."""
        start = self.size + FRAME.size
        end = start + len(payload)
        if end > self.max_bytes:
            self.max_bytes = self.size
            return False
        if len(payload) >= LARGE:
            self._write(payload, start)
        else:
            if end > self._ready:
                self._make_ready(end)
            self._map[start:end] = payload
        FRAME.pack_into(self._map, self.size, len(payload), crc32(payload))
        self.size = end
        return True

    def _make_ready(self, end: int) -> None:
        """Reserves room and fetches pages, more of both than is needed.

        A page that is fetched when it is first written to costs several times as much as one of many at once.
        """
        self._reserve_until(end)
        start, self._ready = self._ready, min(max(end, self._ready + READY_BYTES), self._reserved)
        if sys.platform == "linux":
            start -= start % mmap.PAGESIZE
            with suppress(OSError):  # of systems before 5.14
                self._map.madvise(POPULATE_WRITE, start, self._ready - start)

    def _reserve_until(self, end: int) -> None:
        if end > self._reserved:
            wanted = min(max(end, self._reserved + segments.RESERVED_BYTES), self.max_bytes)
            _reserve(self.descriptor, self._reserved, wanted - self._reserved)
            self._reserved = wanted

    def _write(self, payload: bytes, start: int) -> None:
        """By a call of the system, which fills pages that are not mapped."""
        end = start + len(payload)
        self._reserve_until(end)
        try:
            if os.pwrite(self.descriptor, payload, start) != len(payload):
                raise OSError(errno.EIO, "a part of a frame was written")
        except OSError:
            self._map[start:end] = bytes(len(payload))
            raise
        self._ready = max(self._ready, end)

    def between(self, start: int, end: int) -> bytes:
        """What was put there."""
        return self._map[start:end]

    def cut(self, size: int) -> None:
        """Takes back what was put behind this size, and gives the file up under its open name."""
        try:
            self._map[size : self.size] = bytes(self.size - size)
            os.ftruncate(self.descriptor, size)
        finally:
            self.forget()

    def close(self) -> None:
        """Cuts the zeros off and renames it to its closed name: the sign that nothing more will come."""
        try:
            os.ftruncate(self.descriptor, self.size)
            os.fsync(self.descriptor)
            self.path.rename(self.path.with_suffix(segments.CLOSED))
        finally:
            self.forget()

    def forget(self) -> None:
        """Lets go of it without a change to the file."""
        self._map.close()
        os.close(self.descriptor)


def _reserve(descriptor: int, start: int, n_bytes: int) -> None:
    """Blocks of zeros. A file system that cannot set them aside has them written."""
    try:
        os.posix_fallocate(descriptor, start, n_bytes)
    except OSError as error:
        if error.errno not in (errno.EOPNOTSUPP, errno.EINVAL):
            raise
        os.pwrite(descriptor, bytes(n_bytes), start)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
