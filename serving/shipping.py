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
BUSY_PERCENT, PATIENCE = 60.0, 9.0  # then it waits so many times as long as its batch took
LAG_SECONDS = 30.0  # but lets nothing wait for longer


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
    """Batch by batch, one of each segment in turn, until all are read to their end."""
    cursor = Cursor(folder / "shipped.json")
    n_rows, is_more = 0, True
    while is_more:
        is_more = False
        for segment in segments.listing(folder):
            n_stored, is_full = _ship_batch(segment, cursor, tallies)
            n_rows, is_more = n_rows + n_stored, is_more or is_full
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


def _ship_batch(segment: Segment, cursor: Cursor, tallies: Tallies | None) -> tuple[int, bool]:
    """How many rows were stored, and whether the segment may hold more; a closed one that holds none is removed."""
    began, n_rows = time.monotonic(), 0
    batch = segments.read_batch(segment.path, offset=cursor.offset(segment), limit=BATCH_ROWS)
    if batch.records:
        for stored in store_records(batch.records, segment.source):
            n_rows += stored.n_rows
            if tallies:
                tallies.add(stored)
        cursor.advance(segment, batch.next_offset)
    if batch.n_rows >= BATCH_ROWS:
        _give_way(time.monotonic() - began, lag=time.time() - batch.records[-1].at)
        return n_rows, True
    if segment.closed:
        if batch.n_torn_bytes:
            logger.warning("%s ends in %d bytes that are no record", segment.path.name, batch.n_torn_bytes)
        segments.remove(segment)
        cursor.forget(segment)
        _settle(segment)
    return n_rows, False


def _give_way(seconds: float, *, lag: float) -> None:
    """While processors are busy those that answer come first; what is written down can wait for a while. A lower
    priority would not do: the work is mostly the database's, and slows what runs on other processors, too."""
    if psutil.cpu_percent() > BUSY_PERCENT:
        time.sleep(max(0.0, min(PATIENCE * seconds, LAG_SECONDS - lag)))


def _settle(segment: Segment) -> None:
    """After the last segment of a process that has ended, its counts are made to agree with what was there."""
    pid = segment.source.partition(".")[0]
    left = any(other.source == segment.source for other in segments.listing(segment.path.parent))
    if not left and pid.isdigit() and not psutil.pid_exists(int(pid)):
        settle(segment.source)
