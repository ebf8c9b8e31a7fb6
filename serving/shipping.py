"""Ships the prediction log, segments on this machine's disk, into Prediction rows.

`supervisor.web` has a process for it. Where there is none (another web server), a thread of a web process does it.

The cursor moves after the commit, so a process killed anywhere ships some rows again, which are stored once, and
loses none. The process that ships alone also counts for drift what it has in memory.
"""

import fcntl
import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import psutil
from django.conf import settings
from django.db import Error as DatabaseError
from django.db import close_old_connections, connection

from serving.actions.drift_tallies import Tallies
from serving.actions.logcounts import settle
from serving.actions.prediction_rows import store_records
from serving.hotpath import segments
from serving.hotpath.segments import Cursor, Segment

logger = logging.getLogger(__name__)
PAUSE_SECONDS = 1.0
BATCH_ROWS = 2_000
BUSY_PERCENT, PATIENCE, FEW_SEGMENTS = 90.0, 2.0, 4  # then it waits so many times as long as its batch took


def run_until(stopping: threading.Event, folder: Path, ship: Callable[[Path], int]) -> None:
    """Ships every second until asked to stop; a database that is away is waited for."""
    while not stopping.wait(PAUSE_SECONDS):
        try:
            close_old_connections()
            ship(folder)
        except (DatabaseError, OSError) as error:
            logger.warning("Predictions wait on disk: %s", str(error).strip())
            connection.close()
    connection.close()


def run_alone_until(stopping: threading.Event, folder: Path) -> None:
    """The same, and nobody else ships this folder while it lasts."""
    folder.mkdir(parents=True, exist_ok=True)
    while not stopping.is_set():
        with _sole_shipper(folder) as mine:
            if mine:
                run_until(stopping, folder, partial(_ship_all, tallies=Tallies()))
        stopping.wait(PAUSE_SECONDS)


def log_folder() -> Path:
    return Path(settings.MLREGISTRY_HOME) / "predictions"


def ship_folder(folder: Path) -> int:
    """Ships all that is in a folder's segments and removes those that are closed; returns the rows stored.

    One process at a time ships a folder; another returns 0 at once.
    """
    if not folder.is_dir():
        return 0
    with _sole_shipper(folder) as mine:
        if not mine:
            return 0
        return _ship_all(folder)


def _ship_all(folder: Path, tallies: Tallies | None = None) -> int:
    cursor = Cursor(folder / "shipped.json")
    n_rows = sum(_ship_segment(segment, cursor, tallies) for segment in segments.listing(folder))
    if tallies:
        tallies.keep_if_due()
    return n_rows


@contextmanager
def _sole_shipper(folder: Path) -> Iterator[bool]:
    with (folder / "shipper.lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
        else:
            yield True


def _ship_segment(segment: Segment, cursor: Cursor, tallies: Tallies | None) -> int:
    n_rows, offset = 0, cursor.offset(segment)
    while True:
        began = time.monotonic()
        batch = segments.read_batch(segment.path, offset=offset, limit=BATCH_ROWS)
        if not batch.records:
            break
        for stored in store_records(batch.records, segment.source):
            n_rows += stored.n_rows
            if tallies:
                tallies.add(stored)
        offset = batch.next_offset
        cursor.advance(segment, offset)
        if sum(record.n_rows for record in batch.records) >= BATCH_ROWS:
            _give_way(segment, seconds=time.monotonic() - began)
    if segment.closed:
        if batch.n_torn_bytes:
            logger.warning("%s ends in %d bytes that are no record", segment.path.name, batch.n_torn_bytes)
        segments.remove(segment)
        cursor.forget(segment)
        _settle(segment)
    return n_rows


def _give_way(segment: Segment, *, seconds: float) -> None:
    """While all processors are busy those that answer come first; what is written down can wait, as long as few
    segments do. A lower priority would not do: the work is mostly the database's."""
    if psutil.cpu_percent() > BUSY_PERCENT and len(segments.listing(segment.path.parent)) <= FEW_SEGMENTS:
        time.sleep(PATIENCE * seconds)


def _settle(segment: Segment) -> None:
    """After the last segment of a process that has ended, its counts are made to agree with what was there."""
    pid = segment.source.partition(".")[0]
    left = any(other.source == segment.source for other in segments.listing(segment.path.parent))
    if not left and pid.isdigit() and not psutil.pid_exists(int(pid)):
        settle(segment.source)
