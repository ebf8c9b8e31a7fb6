"""The prediction log's writer: one append-only segment per process. `predict` appends; `segments` reads.

Durable: `append` returns after an fsync, shared by all requests that wait at that moment (group commit).
Best effort: the write follows within 100 ms, so a killed process loses no more than that.
"""

from __future__ import annotations

import fcntl
import os
import threading
import time
import weakref
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from mlregistry.errors import Unavailable
from serving.hotpath import records, segments
from serving.hotpath.records import Record

FLUSH_SECONDS = 0.05
MAX_BUFFER = 8 * 1024 * 1024


class _Group:
    """Frames that go to disk together; each waiter learns from it whether they arrived."""

    __slots__ = ("error", "frames", "n_bytes", "rows", "wants_sync", "written")

    def __init__(self) -> None:
        self.frames: list[bytes] = []
        self.rows: list[tuple[int, int]] = []  # endpoint and number of rows of each frame
        self.n_bytes = 0
        self.wants_sync = False
        self.written = False
        self.error: OSError | None = None


@dataclass(slots=True)
class LogTally:
    """Rows of one endpoint: handed to the log, and lost because it could not be written."""

    n_enqueued: int = 0
    n_dropped: int = 0


class PredictionLog:
    """Opens its segment at the first append; closes it by size or age; starts anew after a fork.

    `source` names this process's log: it stands in the names of its segments and of its counts.
    """

    def __init__(
        self, folder: Path, *, max_bytes: int = 64 * 1024 * 1024, max_age_seconds: float = 60.0
    ) -> None:
        self.folder = folder
        self.max_bytes = max_bytes
        self.max_age_seconds = max_age_seconds
        self.sync: Callable[[int], None] = os.fdatasync
        self.n_lost = 0
        self._n_segments = 0
        self._counts: dict[int, LogTally] = {}
        self._start()
        reference = weakref.ref(self)
        os.register_at_fork(after_in_child=lambda: _restart(reference))

    def append(self, record: Record, *, durable: bool) -> None:
        """Writes a record down. Durable: on disk when this returns, else Unavailable is raised."""
        frame = segments.frame(records.encode(record))
        with self._buffer_lock:
            group = self._group
            group.frames.append(frame)
            group.rows.append((record.endpoint_id, record.n_rows))
            group.n_bytes += len(frame)
            group.wants_sync |= durable
            self._tally(record.endpoint_id).n_enqueued += record.n_rows
            wait = durable or group.n_bytes > MAX_BUFFER
            self._run_flusher()
        if not wait:
            return
        with self._commit_lock:
            # An unwritten group can only be the current one: groups are taken under this lock alone.
            if not group.written:
                self._commit()
        if durable and group.error is not None:
            raise Unavailable("The prediction log cannot be written; try again later.") from group.error

    def drain_counts(self) -> dict[int, LogTally]:
        """What was enqueued and dropped since the last time, by endpoint."""
        with self._buffer_lock:
            counts = dict(self._counts)
            self._counts.clear()
        return counts

    def flush(self) -> None:
        """Writes what is buffered; closes a segment that is old or large."""
        with self._commit_lock:
            self._commit()
            if self._descriptor is not None and time.monotonic() - self._opened_at > self.max_age_seconds:
                self._close_segment()

    def close(self) -> None:
        """Writes what is buffered and closes the segment. The log may be used again afterwards."""
        self._stopping.set()
        with self._commit_lock:
            self._commit()
            self._close_segment()

    def _start(self) -> None:
        self._buffer_lock = threading.Lock()
        self._commit_lock = threading.Lock()
        self._group = _Group()
        self._descriptor: int | None = None
        self._path: Path | None = None
        self._size = 0
        self._opened_at = 0.0
        self._flusher: threading.Thread | None = None
        self._stopping = threading.Event()
        self._counts = {}
        self.source = f"{os.getpid()}.{os.urandom(4).hex()}"

    def _tally(self, endpoint_id: int) -> LogTally:
        """Only under the buffer lock."""
        tally = self._counts.get(endpoint_id)
        if tally is None:
            tally = self._counts[endpoint_id] = LogTally()
        return tally

    def _commit(self) -> None:
        """Takes the current group and puts it on disk. Only under the commit lock."""
        with self._buffer_lock:
            group, self._group = self._group, _Group()
        if group.frames:
            try:
                self._write(b"".join(group.frames), sync=group.wants_sync)
            except OSError as error:
                group.error = error
                self.n_lost += len(group.frames)
                with self._buffer_lock:
                    for endpoint_id, n_rows in group.rows:
                        self._tally(endpoint_id).n_dropped += n_rows
        group.written = True

    def _write(self, data: bytes, *, sync: bool) -> None:
        descriptor = self._descriptor
        if descriptor is None or self._size + len(data) > self.max_bytes:
            self._close_segment()
            descriptor = self._open_segment()
        try:
            _write_whole(descriptor, data)
            if sync:
                self.sync(descriptor)
        except OSError:
            # What the failed write left behind is cut off, and nothing more goes into this file.
            self._abandon()
            raise
        self._size += len(data)

    def _open_segment(self) -> int:
        self.folder.mkdir(parents=True, exist_ok=True)
        self._n_segments += 1
        stem = f"{time.time_ns():020d}-{self.source}-{self._n_segments}"
        draft, path = self.folder / f"{stem}.new", self.folder / f"{stem}{segments.OPEN}"
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND, 0o600)
        try:
            # Locked before it can be listed: an open segment without a lock means a dead writer.
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            _write_whole(descriptor, segments.MAGIC)
            draft.rename(path)
            _sync_folder(self.folder)
        except OSError:
            os.close(descriptor)
            draft.unlink(missing_ok=True)
            raise
        self._descriptor, self._path, self._size = descriptor, path, len(segments.MAGIC)
        self._opened_at = time.monotonic()
        return descriptor

    def _close_segment(self) -> None:
        """Renames the segment to its closed name; the rename is the sign that nothing more will come."""
        if self._descriptor is None or self._path is None:
            return
        descriptor, path = self._descriptor, self._path
        self._descriptor = self._path = None
        try:
            os.fsync(descriptor)
            path.rename(path.with_suffix(segments.CLOSED))
        finally:
            os.close(descriptor)

    def _abandon(self) -> None:
        descriptor, self._descriptor, self._path = self._descriptor, None, None
        if descriptor is None:
            return
        try:
            os.ftruncate(descriptor, self._size)
        except OSError:
            return  # the reader stops at the torn frame
        finally:
            os.close(descriptor)

    def _run_flusher(self) -> None:
        """Starts the flushing thread when there is none. Only under the buffer lock."""
        if self._flusher is not None and self._flusher.is_alive() and not self._stopping.is_set():
            return
        self._stopping = threading.Event()
        arguments = (weakref.ref(self), self._stopping)
        self._flusher = threading.Thread(
            target=_flush_often, args=arguments, name="prediction-log", daemon=True
        )
        self._flusher.start()


def _flush_often(reference: weakref.ref[PredictionLog], stopping: threading.Event) -> None:
    """Flushes until the log is closed or gone."""
    while not stopping.wait(FLUSH_SECONDS):
        log = reference()
        if log is None:
            return
        try:
            log.flush()
        except OSError:
            pass  # closing an old segment failed; its records are written, the next flush opens another
        del log


def _restart(reference: weakref.ref[PredictionLog]) -> None:
    """A forked child shares neither the parent's segment nor its threads, locks or unwritten frames."""
    log = reference()
    if log is not None:
        if log._descriptor is not None:
            os.close(log._descriptor)
        log._start()


def _write_whole(descriptor: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
