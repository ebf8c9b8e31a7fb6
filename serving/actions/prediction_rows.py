"""Stores records of the prediction log as Prediction rows, each once. `serving.shipping` calls it.

Rows go through a staging table with ON CONFLICT DO NOTHING. What is stored is noted in the same transaction for those
who count it (`drift_counts`, `drift_tallies`).
"""

import io
import logging
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
from django.db import DataError, connection, transaction

from mlregistry.ml.drift.folding import Hour
from serving.actions.logcounts import Amounts, add_log_counts
from serving.hotpath.records import Record
from serving.request_ids import as_uuid

logger = logging.getLogger(__name__)
HOUR_SECONDS = 3_600
Texts = tuple[bytes, bytes]
"""Inputs and answer of a row, each as JSON."""
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
"""  # noqa: S608  # constants only
NOTE = f"""
    WITH stored AS ({STORE})
    INSERT INTO serving_uncountedpredictions (endpoint_id, version_id, first_request, last_request, numbers, at)
    SELECT endpoint_id, version_id, min(request_id::text)::uuid, max(request_id::text)::uuid, array_agg(id), now()
    FROM stored GROUP BY 1, 2
    RETURNING id, endpoint_id, version_id, cardinality(numbers)
"""  # noqa: S608  # constants only
WITHOUT_VERSION = """
    SELECT endpoint_id, count(*) FROM shipped_predictions s
    WHERE NOT EXISTS (SELECT FROM models_app_modelversion v WHERE v.id = s.version_id) GROUP BY 1
"""


@dataclass(frozen=True)
class Note:
    """Says that so many rows of a version are stored and not counted."""

    id: int
    endpoint_id: int
    version_id: int
    n_rows: int


@dataclass(frozen=True)
class Stored:
    """What became of records: the notes of what is new, and all their rows by hour."""

    notes: Sequence[Note]
    rows: Mapping[Hour, Sequence[Texts]]

    @property
    def n_rows(self) -> int:
        return sum(note.n_rows for note in self.notes)

    @property
    def whole_notes(self) -> Sequence[Note]:
        """Of those versions none of whose rows had been stored before."""
        given: Counter[tuple[int, int]] = Counter()
        for hour, logged in self.rows.items():
            given[hour.endpoint_id, hour.version_id] += len(logged)
        return [note for note in self.notes if note.n_rows == given[note.endpoint_id, note.version_id]]


def store_records(records: Sequence[Record], source: str) -> Iterator[Stored]:
    """Part by part; a record that PostgreSQL refuses is named in the log and does not hold up the others."""
    try:
        yield _copied(records, source)
    except DataError:
        if len(records) == 1:
            logger.exception("prediction %s cannot be stored", records[0].id)
            add_log_counts(source, {records[0].endpoint_id: Amounts(n_dropped=records[0].n_rows)})
            return
        half = len(records) // 2
        yield from store_records(records[:half], source)
        yield from store_records(records[half:], source)


def _copied(records: Sequence[Record], source: str) -> Stored:
    rows: dict[Hour, list[Texts]] = defaultdict(list)
    lines = io.BytesIO(b"".join(line for record in records for line in _lines(record, rows)))
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(STAGE)
        with connection.wrap_database_errors:  # Django does so for its own calls only
            cursor.copy_expert(f"COPY shipped_predictions ({COLUMNS}) FROM STDIN", lines)
        cursor.execute(NOTE)
        notes = [Note(*note) for note in cursor.fetchall()]
        cursor.execute(WITHOUT_VERSION)
        add_log_counts(source, _amounts(notes, cursor.fetchall()))
        cursor.execute("TRUNCATE shipped_predictions")
    return Stored(notes, rows)


def _amounts(notes: Iterable[Note], dropped: Iterable[tuple[int, int]]) -> Mapping[int, Amounts]:
    found: dict[int, Amounts] = defaultdict(Amounts)
    for note in notes:
        found[note.endpoint_id].n_written += note.n_rows
    for endpoint_id, n_rows in dropped:
        found[endpoint_id].n_dropped += n_rows
    return found


def _lines(record: Record, rows: Mapping[Hour, list[Texts]]) -> Iterator[bytes]:
    """One line of COPY's text format per row of the request: tabs between the columns, NULL is \\N.

    The rows' inputs and answers are added to those of their hour, too.
    """
    own = record.request_id != record.id
    client = str(as_uuid(record.request_id, endpoint_id=record.endpoint_id)) if own else "\\N"
    variant, unit = _escaped(record.variant), _escaped(record.unit_id or "")
    before = f"{record.id}\t{client}\t".encode()
    after = (
        f"\t{record.endpoint_id}\t{variant}\t{record.version_id}\t{unit}\t{record.at!r}\t{record.seconds!r}\t"
    ).encode()
    begin = int(record.at // HOUR_SECONDS) * HOUR_SECONDS
    hour = rows[Hour(record.endpoint_id, record.variant, record.version_id, begin)]
    for row, texts in enumerate(_texts(record)):
        hour.append(texts)
        given, answer = (text.replace(b"\\", b"\\\\") for text in texts)  # JSON has no other that COPY reads
        yield b"%b%d%b%b\t%b\n" % (before, row, after, given, answer)


def _texts(record: Record) -> Iterator[Texts]:
    """Of each row its inputs and its answer as JSON; NaN and infinity, which JSON does not know, become null."""
    encode = msgspec.json.encode
    for row, given in enumerate(record.given()):
        answer: dict[str, Any] = {"prediction": record.predictions[row]}
        if record.probabilities is not None:
            answer["probabilities"] = record.probabilities[row]
        yield encode(given), encode(answer)


def _escaped(text: str) -> str:
    """As COPY reads it."""
    if text.isalnum():
        return text
    return text.replace("\\", "\\\\").replace("\t", "\\t").replace("\n", "\\n").replace("\r", "\\r")
