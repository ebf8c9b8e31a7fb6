"""The prediction log's writer: one append-only segment per process. `predict` appends; `segments` reads.

A record is the operating system's when `append` returns, and on the disk within 50 ms: the death of a process loses
nothing, a power cut that much. `syncs_each` has durable records wait for the disk (one sync for all that wait at that
moment). A durable record that cannot be written is refused; one of best effort is counted as dropped.
"""

from __future__ import annotations

import errno
import logging
import os
import threading
import time
import weakref
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from mlregistry.errors import Unavailable
from serving.hotpath import segments
from serving.hotpath.records import Record
from serving.hotpath.segment_file import SegmentFile

logger = logging.getLogger(__name__)
FLUSH_SECONDS = 0.05
KEPT_GAPS = 64  # requests that still wait for one of them are asked again soon
REFUSAL = "The prediction log cannot be written; try again later."


@dataclass(slots=True)
class LogTally:
    """Rows of one endpoint: handed to the log, and lost because it could not be written."""

    n_enqueued: int = 0
    n_dropped: int = 0


class PredictionLog:
    """Opens its segment at the first append; closes it by size or age; starts anew after a fork.

    `source` names this process's log: it stands in the names of its segments and of its counts.
    """

    _flusher: threading.Thread | None
    _stopping: threading.Event

    def __init__(
        self,
        folder: Path,
        *,
        max_bytes: int = 64 * 1024 * 1024,
        max_age_seconds: float = 60.0,
        syncs_each: bool = False,
    ) -> None:
        self.folder = folder
        self.max_bytes = max_bytes
        self.max_age_seconds = max_age_seconds
        self.syncs_each = syncs_each
        self.sync: Callable[[int], None] = os.fdatasync
        self.n_lost = 0
        self._n_segments = 0
        self._start()
        reference = weakref.ref(self)
        os.register_at_fork(after_in_child=lambda: _restart(reference))

    def append(self, record: Record, *, durable: bool) -> None:
        """Writes a record down; Unavailable when a durable one could not be."""
        with self._lock:
            tally = self._counts.get(record.endpoint_id) or self._tally(record.endpoint_id)
            try:
                if self._segment is None or not self._segment.put(record):
                    self._put_into_next(record)
            except OSError as error:
                tally.n_enqueued += record.n_rows
                tally.n_dropped += record.n_rows
                self.n_lost += 1
                if durable:
                    raise Unavailable(REFUSAL) from error
                return
            tally.n_enqueued += record.n_rows
            end = self._end() if self.syncs_each else 0
        if durable and self.syncs_each:
            try:
                self._sync_until(end, or_take_back=True)
            except OSError as error:
                raise Unavailable(REFUSAL) from error

    def drain_counts(self) -> dict[int, LogTally]:
        """What was enqueued and dropped since the last time, by endpoint."""
        with self._lock:
            counts = dict(self._counts)
            self._counts.clear()
        return counts

    def flush(self) -> None:
        """Has the disk take what is written; closes a segment that is old."""
        with self._lock:
            end = self._end()
        if end > self._synced:
            self._sync_until(end, or_take_back=False)
        with self._lock:
            if self._segment is not None and time.monotonic() - self._opened_at > self.max_age_seconds:
                self._close_segment()

    def close(self) -> None:
        """Closes the segment. The log may be used again afterwards."""
        with self._lock:
            self._stopping.set()
            self._flusher = None
            self._close_segment()

    def _start(self) -> None:
        self._lock = threading.Lock()
        self._sync_lock = threading.Lock()
        self._segment: SegmentFile | None = None
        self._before = 0  # bytes in the segments before this one; positions count from the first byte of all
        self._synced = 0
        self._taken_back: deque[tuple[int, int]] = deque(maxlen=KEPT_GAPS)  # from and to which position
        self._opened_at = 0.0
        self._flusher = None
        self._stopping = threading.Event()
        self._counts: dict[int, LogTally] = {}
        self.source = f"{os.getpid()}.{os.urandom(4).hex()}"

    def _tally(self, endpoint_id: int) -> LogTally:
        """Only under the lock, as all below but the syncs."""
        tally = self._counts.get(endpoint_id)
        if tally is None:
            tally = self._counts[endpoint_id] = LogTally()
        return tally

    def _end(self) -> int:
        return self._before + (self._segment.size if self._segment is not None else 0)

    def _put_into_next(self, record: Record) -> None:
        """Into a new segment, which holds at least this record with the names of its columns."""
        if self._flusher is None:
            self._run_flusher()
        self._close_segment()
        self._n_segments += 1
        stem = f"{time.time_ns():020d}-{self.source}-{self._n_segments}"
        max_bytes = max(self.max_bytes, segments.room_for(record))
        self._segment = SegmentFile(self.folder, stem, max_bytes=max_bytes)
        self._opened_at = time.monotonic()
        self._segment.put(record)

    def _close_segment(self) -> None:
        segment = self._segment
        if segment is None:
            return
        self._before, self._segment = self._end(), None
        segment.close()
        self._synced = self._before

    def _sync_until(self, end: int, *, or_take_back: bool) -> None:
        """Returns when the disk has all that stands before this position."""
        with self._sync_lock:
            if any(start < end <= stop for start, stop in self._taken_back):
                raise OSError(errno.EIO, "what stood there was taken back")
            if end <= self._synced:
                return
            with self._lock:
                reached, segment = self._end(), self._segment
                descriptor = os.dup(segment.descriptor) if segment is not None else None
            if descriptor is None:  # closed meanwhile, which synced it
                return
            try:
                self.sync(descriptor)
            except OSError:
                if or_take_back:
                    self._take_back()
                raise
            finally:
                os.close(descriptor)
            self._synced = max(self._synced, reached)

    def _take_back(self) -> None:
        """What the disk did not take is cut off and counted as dropped, and nothing more goes into this file."""
        with self._lock:
            segment, end = self._segment, self._end()
            if segment is None:
                return
            synced = max(self._synced - self._before, len(segments.MAGIC))
            for record in segments.records_in(segment.between(synced, segment.size)):
                self._tally(record.endpoint_id).n_dropped += record.n_rows
                self.n_lost += 1
            self._taken_back.append((self._before + synced, end))
            self._segment, self._before = None, end
            segment.cut(synced)

    def _run_flusher(self) -> None:
        """Starts the flushing thread, which lives until the log is closed."""
        self._stopping = threading.Event()
        arguments = (weakref.ref(self), self._stopping)
        thread = threading.Thread(target=_flush_often, args=arguments, name="prediction-log", daemon=True)
        thread.start()
        self._flusher = thread


def _flush_often(reference: weakref.ref[PredictionLog], stopping: threading.Event) -> None:
    """Flushes until the log is closed or gone; whatever fails is told of once, until it works again."""
    fails = False
    while not stopping.wait(FLUSH_SECONDS):
        log = reference()
        if log is None:
            return
        try:
            log.flush()
            fails = False
        except Exception:  # nobody looks after this thread
            if not fails:
                logger.exception("the disk does not take the prediction log")
            fails = True
        del log


def _restart(reference: weakref.ref[PredictionLog]) -> None:
    """A forked child shares neither the parent's segment nor its threads and locks."""
    log = reference()
    if log is not None:
        if log._segment is not None:
            log._segment.forget()
        log._start()
