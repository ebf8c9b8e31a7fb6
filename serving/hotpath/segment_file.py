"""One open segment of the prediction log, mapped into memory. `log.PredictionLog` writes it, `segments` reads it.

What is put into it belongs to the operating system at once, without a call of it: a process that is killed in the next
moment loses nothing, and no thread gives the interpreter away for it (but for large frames, whose pages are cheaper for
the system to fill than to map one by one). Its blocks are reserved before they are written,
so that a full disk is an error and not the end of the process.
"""

from __future__ import annotations

import errno
import fcntl
import mmap
import os
from pathlib import Path

from serving.hotpath import segments

LARGE = 64 * 1024  # bytes of a frame


class SegmentFile:
    """`size` bytes of it are written; behind them are zeros, which are no frame."""

    def __init__(self, folder: Path, stem: str, *, max_bytes: int) -> None:
        """Raises OSError, and leaves nothing behind, when it cannot be made."""
        draft, self.path = folder / f"{stem}.new", folder / f"{stem}{segments.OPEN}"
        self.max_bytes = max_bytes
        self.size = self._reserved = 0
        folder.mkdir(parents=True, exist_ok=True)
        self.descriptor = os.open(draft, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            # Locked before it can be listed: an open segment without a lock means a dead writer.
            fcntl.flock(self.descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            os.ftruncate(self.descriptor, max_bytes)
            self._map = mmap.mmap(self.descriptor, max_bytes)
            os.ftruncate(self.descriptor, 0)
            self.put(segments.MAGIC)
            draft.rename(self.path)
            _sync_folder(folder)
        except OSError:
            os.close(self.descriptor)
            draft.unlink(missing_ok=True)
            raise

    def has_room(self, n_bytes: int) -> bool:
        return self.size + n_bytes <= self.max_bytes

    def put(self, frame: bytes) -> None:
        """Only where there is room. Raises OSError when the disk is full; nothing of the frame is there then."""
        end = self.size + len(frame)
        if end > self._reserved:
            wanted = min(max(end, self._reserved + segments.RESERVED_BYTES), self.max_bytes)
            _reserve(self.descriptor, self._reserved, wanted - self._reserved)
            self._reserved = wanted
        if len(frame) < LARGE:
            self._map[self.size : end] = frame
        else:
            self._write(frame, end)
        self.size = end

    def _write(self, frame: bytes, end: int) -> None:
        """By a call of the system."""
        try:
            if os.pwrite(self.descriptor, frame, self.size) != len(frame):
                raise OSError(errno.EIO, "a part of a frame was written")
        except OSError:
            self._map[self.size : end] = bytes(len(frame))
            raise

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
