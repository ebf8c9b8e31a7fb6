"""Counts logged predictions into the cells of their version's baseline, each exactly once.

`serving.shipping` notes the rows that it stores, in the same transaction; counting them removes the note in the
transaction that changes the counters. So a kill between the two leaves both as they were, and rows that come late are
counted when they come. The chore `tend` in `drift_checks` asks for the job serving.count_predictions.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import connection, transaction

from mlregistry.jobs.models import LIVE as LIVE_JOB
from mlregistry.jobs.models import Job
from mlregistry.jobs.queue import enqueue
from mlregistry.ml.drift import coding
from mlregistry.ml.drift.baselines import PREDICTION, Baseline
from mlregistry.ml.drift.counters import Counters, empty, missing
from mlregistry.ml.drift.folding import Hour, fold_logged
from mlregistry.sql_rows import fetched
from serving.models import DriftCount, Endpoint, Span
from serving.queries.drift_baselines import Watched, watched

KIND = "serving.count_predictions"
AT_ONCE = 50  # notes, each of what was shipped at once
CHUNK = 20_000  # rows in memory
PATIENCE = timedelta(
    minutes=1
)  # with the process that stored the rows and counts them itself (`drift_tallies`)
HOURS_KEPT, DAYS_KEPT = timedelta(days=35), timedelta(days=400)
WAITING = """
    SELECT DISTINCT u.endpoint_id FROM serving_uncountedpredictions u
    JOIN serving_driftbaseline b ON b.version_id = u.version_id AND b.state = 'ready'
    WHERE u.at <= %s
"""
TAKE = """
    DELETE FROM serving_uncountedpredictions WHERE id IN (
        SELECT u.id FROM serving_uncountedpredictions u
        JOIN serving_driftbaseline b ON b.version_id = u.version_id AND b.state = 'ready'
        WHERE u.endpoint_id = %s AND u.at <= coalesce(%s, 'infinity'::timestamptz)
        ORDER BY u.id LIMIT %s FOR UPDATE OF u SKIP LOCKED
    ) RETURNING version_id, first_request, last_request, numbers
"""
# PostgreSQL would rather read all of a table of which it does not know yet how large it has become.
PLANNING = "SET LOCAL enable_seqscan = off"
ROWS = """
    SELECT floor(extract(epoch FROM at) / 3600)::bigint * 3600, variant, version_id, input::text, output::text
    FROM serving_prediction
    WHERE id = ANY(%s) AND request_id BETWEEN %s AND %s
"""
PLACE = """
    INSERT INTO serving_driftcount (endpoint_id, version_id, variant, span, at, n_rows, n_nulls, counters)
    VALUES (%s, %s, %s, %s, %s, 0, 0, %s) ON CONFLICT DO NOTHING
"""
Key = tuple[int, int, str, datetime, str]  # endpoint, version, variant, begin, span
Parts = dict[Key, Counters]
Note = Sequence[Any]  # version, first and last request, numbers of the rows


def ask_to_count(now: datetime) -> int:
    """A job for each endpoint whose rows wait for long and that has none; returns how many."""
    waiting = [int(row[0]) for row in fetched(WAITING, [now - PATIENCE])]
    endpoints = Endpoint.objects.filter(pk__in=waiting).select_related("team")
    busy = set(Job.objects.filter(kind=KIND, state__in=LIVE_JOB).values_list("args__endpoint_id", flat=True))
    found = [endpoint for endpoint in endpoints if endpoint.pk not in busy]
    for endpoint in found:
        args, title = {"endpoint_id": endpoint.pk}, f"Count the predictions of {endpoint.name}"
        enqueue(KIND, args=args, team=endpoint.team, title=title, by=None)
    return len(found)


def count_some(endpoint: Endpoint, *, until: datetime | None = None) -> int:
    """Counts the rows of some notes, of those that were made by then, in one transaction; 0 when none wait."""
    with transaction.atomic():
        notes = fetched(TAKE, [endpoint.pk, until, AT_ONCE])
        if not notes:
            return 0
        with connection.cursor() as cursor:
            cursor.execute(PLANNING)
        of_version = watched({int(note[0]) for note in notes})
        parts: Parts = {}
        for some in _in_chunks(notes):
            add_up(parts, _folded(endpoint, some, of_version))
        add_parts(parts, of_version)
    return sum(len(note[3]) for note in notes)


def forget_old(now: datetime) -> None:
    """Hours after five weeks, days after some thirteen months."""
    for span, kept in ((Span.HOUR, HOURS_KEPT), (Span.DAY, DAYS_KEPT)):
        DriftCount.objects.filter(span=span, at__lt=now - kept).delete()


def _in_chunks(notes: Sequence[Note]) -> Iterator[list[Note]]:
    """Neighbours, until their rows are as many as shall be in memory."""
    some: list[Note] = []
    for note in sorted(notes, key=lambda note: str(note[1])):
        if some and sum(len(one[3]) for one in some) + len(note[3]) > CHUNK:
            yield some
            some = []
        some.append(note)
    yield some


def _folded(
    endpoint: Endpoint, notes: Sequence[Note], of_version: Mapping[int, Watched]
) -> dict[Hour, Counters]:
    """Of the rows of notes that retention has not removed meanwhile.

    Their ends are close together, so that PostgreSQL reads little more than them by whichever index.
    """
    numbers = [int(number) for note in notes for number in note[3]]
    ends = (min(str(note[1]) for note in notes), max(str(note[2]) for note in notes))
    rows: dict[Hour, list[tuple[str, str]]] = defaultdict(list)
    for at, variant, version_id, given, answer in fetched(ROWS, [numbers, *ends]):
        rows[Hour(endpoint.pk, variant, version_id, at)].append((given, answer))
    found = {}
    for hour, logged in rows.items():
        one = of_version[hour.version_id]
        found[hour] = fold_logged(one.baseline, one.reader, logged, one.classes)
    return found


def add_up(parts: Parts, folded: Mapping[Hour, Counters]) -> None:
    """Each hour to itself and to its day."""
    for hour, counters in folded.items():
        at = datetime.fromtimestamp(hour.at, UTC)
        for span, start in ((Span.HOUR, at), (Span.DAY, at.replace(hour=0))):
            key = (hour.endpoint_id, hour.version_id, hour.variant, start, span.value)
            parts[key] = parts[key] + counters if key in parts else counters


def add_parts(parts: Parts, of_version: Mapping[int, Watched]) -> None:
    """In one order, so that two countings do not wait for each other."""
    with connection.cursor() as cursor:
        for key in sorted(parts):
            _add_to(cursor, key, parts[key], of_version[key[1]].baseline)


def _add_to(cursor: Any, key: Key, counters: Counters, baseline: Baseline) -> None:
    endpoint_id, version_id, variant, at, span = key
    nothing = coding.to_bytes(empty(baseline), baseline)
    cursor.execute(PLACE, [endpoint_id, version_id, variant, span, at, nothing])
    row = DriftCount.objects.select_for_update(of=("self",)).get(
        endpoint_id=endpoint_id, version_id=version_id, variant=variant, span=span, at=at
    )
    whole = coding.from_bytes(bytes(row.counters), baseline) + counters
    row.counters, row.n_rows = coding.to_bytes(whole, baseline), whole.n_rows
    row.n_nulls += missing(counters, baseline, PREDICTION)
    row.save(update_fields=["counters", "n_rows", "n_nulls"])
