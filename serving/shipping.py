"""Ships the prediction log, segments on this machine's disk, into Prediction rows.

`supervisor.web` has a process for it. Where there is none (another web server), a thread of a web process does it.

Rows go through a staging table with ON CONFLICT DO NOTHING and the cursor moves after the commit, so a
process killed anywhere ships some rows again and loses none.
"""

import fcntl
import io
import logging
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec
import psutil
from django.conf import settings
from django.db import DataError, close_old_connections, connection, transaction
from django.db import Error as DatabaseError

from serving.actions.logcounts import Amounts, add_log_counts, settle
from serving.hotpath import segments
from serving.hotpath.records import Record
from serving.hotpath.segments import Cursor, Segment
from serving.request_ids import as_uuid

logger = logging.getLogger(__name__)
PAUSE_SECONDS = 1.0
BATCH_RECORDS = 2_000
BUSY_PERCENT, PATIENCE, FEW_SEGMENTS = 90.0, 2.0, 4  # then it waits so many times as long as its batch took
ESCAPES = ((b"\\", b"\\\\"), (b"\t", b"\\t"), (b"\n", b"\\n"), (b"\r", b"\\r"))
COLUMNS = (
    'request_id, client_request_id, "row", endpoint_id, variant, version_id, unit, at, latency_seconds, '
    "input, output"
)
STAGE = """
    CREATE TEMP TABLE IF NOT EXISTS shipped_predictions (
        request_id uuid, client_request_id uuid, "row" int, endpoint_id bigint, variant text,
        version_id bigint, unit text, at float8, latency_seconds float8, input jsonb, output jsonb
    ) ON COMMIT DELETE ROWS
"""
# What an endpoint or version left behind when it was deleted is not kept.
STORE = f"""
    INSERT INTO serving_prediction ({COLUMNS})
    SELECT {COLUMNS.replace(" at,", " to_timestamp(at),")} FROM shipped_predictions s
    WHERE EXISTS (SELECT FROM serving_endpoint e WHERE e.id = s.endpoint_id)
      AND EXISTS (SELECT FROM models_app_modelversion v WHERE v.id = s.version_id)
    ON CONFLICT (request_id, "row") DO NOTHING
    RETURNING id, request_id, endpoint_id, version_id
"""  # noqa: S608 - constants only
# What is stored is noted in the same transaction for those who count it (`serving.actions.drift_counts`).
STORED = f"""
    WITH stored AS ({STORE}), noted AS (
        INSERT INTO serving_uncountedpredictions
            (endpoint_id, version_id, first_request, last_request, numbers, at)
        SELECT endpoint_id, version_id, min(request_id::text)::uuid, max(request_id::text)::uuid, array_agg(id), now()
        FROM stored GROUP BY 1, 2
    )
    SELECT endpoint_id, count(*) FROM stored GROUP BY 1
"""  # noqa: S608  # constants only
WITHOUT_VERSION = """
    SELECT endpoint_id, count(*) FROM shipped_predictions s
    WHERE NOT EXISTS (SELECT FROM models_app_modelversion v WHERE v.id = s.version_id) GROUP BY 1
"""


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
                run_until(stopping, folder, _ship_all)
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


def _ship_all(folder: Path) -> int:
    cursor = Cursor(folder / "shipped.json")
    return sum(_ship_segment(segment, cursor) for segment in segments.listing(folder))


@contextmanager
def _sole_shipper(folder: Path) -> Iterator[bool]:
    with (folder / "shipper.lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
        else:
            yield True


def _ship_segment(segment: Segment, cursor: Cursor) -> int:
    n_rows, offset = 0, cursor.offset(segment)
    while True:
        began = time.monotonic()
        batch = segments.read_batch(segment.path, offset=offset, limit=BATCH_RECORDS)
        if not batch.records:
            break
        n_rows += _store(batch.records, segment.source)
        offset = batch.next_offset
        cursor.advance(segment, offset)
        if len(batch.records) == BATCH_RECORDS:
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


def _store(records: list[Record], source: str) -> int:
    """Stores the records; one that PostgreSQL refuses is named in the log and does not hold up the others."""
    try:
        return _copy(records, source)
    except DataError:
        if len(records) == 1:
            logger.exception("prediction %s cannot be stored", records[0].id)
            add_log_counts(source, {records[0].endpoint_id: Amounts(n_dropped=records[0].n_rows)})
            return 0
    half = len(records) // 2
    return _store(records[:half], source) + _store(records[half:], source)


def _copy(records: list[Record], source: str) -> int:
    lines = io.BytesIO(b"".join(line for record in records for line in _lines(record)))
    amounts: dict[int, Amounts] = defaultdict(Amounts)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(STAGE)
        with connection.wrap_database_errors:  # Django does so for its own calls only
            cursor.copy_expert(f"COPY shipped_predictions ({COLUMNS}) FROM STDIN", lines)
        cursor.execute(STORED)
        for endpoint_id, n_rows in cursor.fetchall():
            amounts[endpoint_id].n_written = int(n_rows)
        cursor.execute(WITHOUT_VERSION)
        for endpoint_id, n_rows in cursor.fetchall():
            amounts[endpoint_id].n_dropped = int(n_rows)
        cursor.execute("TRUNCATE shipped_predictions")
        add_log_counts(source, amounts)
    return sum(one.n_written for one in amounts.values())


def _lines(record: Record) -> Iterator[bytes]:
    """One line of COPY's text format per row of the request: tabs between the columns, NULL is \\N."""
    own = record.request_id != record.id
    client = str(as_uuid(record.request_id, endpoint_id=record.endpoint_id)) if own else "\\N"
    variant, unit = _escaped(record.variant.encode()), _escaped((record.unit_id or "").encode())
    before = f"{record.id}\t{client}\t".encode()
    after = b"\t%d\t%b\t%d\t%b\t%b\t%b\t" % (
        record.endpoint_id, variant, record.version_id, unit, repr(record.at).encode(), repr(record.seconds).encode(),
    )  # fmt: skip
    for row in range(record.n_rows):
        output: dict[str, Any] = {"prediction": record.predictions[row]}
        if record.probabilities is not None:
            output["probabilities"] = record.probabilities[row]
        yield b"%b%d%b%b\t%b\n" % (before, row, after, _json(record.input(row)), _json(output))


def _json(value: Any) -> bytes:
    """NaN and infinity, which JSON does not know, become null."""
    return _escaped(msgspec.json.encode(value))


def _escaped(text: bytes) -> bytes:
    """As COPY reads it."""
    for character, written in ESCAPES:
        text = text.replace(character, written)
    return text
