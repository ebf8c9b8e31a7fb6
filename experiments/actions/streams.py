"""Rows that arrive one batch after another, and the versions made of them by time or by count.

Called by the rows door, the scheduler's loop and the job experiments.roll_rows.
"""

import json
import math
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from experiments.models import Dataset, DatasetVersion, StagedRow
from experiments.queries import datasets as dataset_queries
from experiments.queries import streams as queries
from mlregistry.accounts.actor import Actor
from mlregistry.accounts.models import Role
from mlregistry.errors import Invalid, TooLarge
from mlregistry.jobs.queue import enqueue
from mlregistry.ml import tables
from mlregistry.ml.reading import Reading
from mlregistry.ml.table_info import Limits, check_names

from .dataset_versions import Rows, append_rows, limits, working_folder

KIND = "experiments.roll_rows"
MOST_ROWS = 10_000
ROLLED_AT_ONCE = 200_000
KEYS_ARE_KEPT = timedelta(days=7)
PLAIN: frozenset[type] = frozenset((str, int, float, bool, type(None)))
NONE: frozenset[type] = frozenset()
FITTING: dict[str, frozenset[type]] = {
    "integer": frozenset((int, type(None))), "float": frozenset((int, float, type(None))),
    "boolean": frozenset((bool, type(None))), "string": PLAIN, "datetime": PLAIN,
}  # fmt: skip
OWN = ("key", "event_at")
INFINITE = (math.inf, -math.inf)
INSERT = """
WITH held AS (SELECT id FROM experiments_dataset WHERE id = %s FOR KEY SHARE)
INSERT INTO experiments_stagedrow (dataset_id, key, event_at, row, received_at)
SELECT held.id, sent.key, sent.event_at, sent.row, now()
FROM held, jsonb_to_recordset(%s::jsonb) AS sent (key text, event_at timestamptz, row jsonb)
ON CONFLICT (dataset_id, key) DO NOTHING
"""
TAKE = """
UPDATE experiments_stagedrow AS staged SET rolled_at = %s
WHERE id IN (
    SELECT id FROM experiments_stagedrow WHERE dataset_id = %s AND rolled_at IS NULL
    ORDER BY event_at, id LIMIT %s FOR UPDATE
)
RETURNING event_at, id, key, row
"""


def append(dataset: Dataset, rows: Sequence[Any], *, by: Actor) -> int:
    """Keep the rows until they become a version, those of known keys left out; returns how many were new."""
    by.require(Role.EDITOR)
    if not rows or len(rows) > MOST_ROWS:
        raise Invalid(f"Send between 1 and {MOST_ROWS:,} rows at a time.", field="rows")
    known = check_takes_rows(dataset)
    names: set[str] = set()
    sent = []
    for place, row in enumerate(rows):
        key, moment, found = _checked(row, place, known)
        names.update(found)
        sent.append({"key": key, "event_at": moment.isoformat(), "row": found})
    check_names([*OWN, *sorted(names)], Limits())
    with connection.cursor() as cursor:
        cursor.execute(INSERT, [dataset.pk, _document(sent)])
        return int(cursor.rowcount)


def _document(sent: list[dict[str, Any]]) -> str:
    try:
        return msgspec.json.encode(sent).decode()
    except OverflowError:  # a whole number of more than 64 bits
        return json.dumps(sent)


def check_takes_rows(dataset: Dataset) -> dict[str, str]:
    """The types of its columns; Invalid for a dataset whose rows have no key and time."""
    known = queries.column_types(dataset)
    if known and not known.keys() >= set(OWN):
        raise Invalid(
            "The dataset has no columns key and event_at; send rows to a dataset of their own.", field="rows"
        )
    return known


def roll(dataset: Dataset, *, by: Actor) -> DatasetVersion | None:
    """A version with the waiting rows behind those that are there; None when none wait. All or nothing."""
    with working_folder() as folder, transaction.atomic():
        now = timezone.now()
        with connection.cursor() as cursor:
            cursor.execute(TAKE, [now, dataset.pk, ROLLED_AT_ONCE])
            taken = sorted(cursor.fetchall())
        if not taken:
            return None
        info = _table(dataset, taken, folder)
        version = append_rows(dataset, Rows(folder / "rows.parquet", info, "rows"), by=by)
        StagedRow.objects.filter(dataset=dataset, rolled_at=now).update(row=None)
    return version


def roll_due() -> int:
    """A chore: enqueue a roll where enough rows wait or the first has waited long enough; forget old keys."""
    StagedRow.objects.filter(rolled_at__lt=timezone.now() - KEYS_ARE_KEPT).delete()
    due = queries.due(settings.ROLL_ROWS, timedelta(seconds=settings.ROLL_SECONDS))
    for dataset in due:
        title = f"Make a version of the rows sent to {dataset}"
        enqueue(KIND, args={"dataset_id": dataset.pk}, team=dataset.team, title=title, by=None)
    return len(due)


def start_roll(dataset: Dataset, *, by: Actor) -> Any:
    """The same at once, because somebody asks for it."""
    by.require(Role.EDITOR)
    title = f"Make a version of the rows sent to {dataset}"
    return enqueue(KIND, args={"dataset_id": dataset.pk}, team=by.team, title=title, by=by)


def _checked(row: Any, place: int, known: Mapping[str, str]) -> tuple[str, datetime, dict[str, Any]]:
    """The parts of a row; a thousand come at a time, so nothing is done for a value that a look at its type tells."""
    field = f"rows.{place}"
    values = row.get("values") if row.__class__ is dict else None
    if values.__class__ is not dict or len(row) > 3:
        raise Invalid(f"Row {place + 1} needs key, event_at and values.", field=field)
    key = row.get("key")
    if key.__class__ is not str or not 0 < len(key) <= 200:
        raise Invalid(f"Row {place + 1} needs a key: a text of at most 200 characters.", field=f"{field}.key")
    if not values or len(values) > 1_000:
        raise Invalid(f"Row {place + 1} needs between 1 and 1,000 values.", field=f"{field}.values")
    for name, value in values.items():
        if value.__class__ not in PLAIN or value in INFINITE or name in OWN:
            raise Invalid(
                f"Row {place + 1}: '{name[:100]}' must be a plain value, a finite one if it is a number, and"
                " neither key nor event_at.",
                field=f"{field}.values",
            )
        if known and value.__class__ not in FITTING.get(known.get(name, ""), NONE):
            raise _misfit(name, value, known, place)
    return key, _moment(row.get("event_at"), place), values


def _misfit(name: str, value: Any, known: Mapping[str, str], place: int) -> Invalid:
    field = f"rows.{place}.values"
    if name not in known:
        return Invalid(f"Row {place + 1}: the dataset has no column '{name[:100]}'.", field=field)
    return Invalid(
        f"Row {place + 1}: column '{name}' holds {known[name]} values, not {value!r:.60}.", field=field
    )


def _moment(text: Any, place: int) -> datetime:
    moment = None
    if isinstance(text, str) and len(text) <= 40:
        try:
            moment = parse_datetime(text)
        except ValueError:
            moment = None
    if moment is None or not 1900 <= moment.year <= 9998:
        raise Invalid(
            f"Row {place + 1} needs event_at, such as 2024-01-31T12:00:00Z.", field=f"rows.{place}.event_at"
        )
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _table(dataset: Dataset, taken: list[Any], folder: Path) -> tables.TableInfo:
    """The rows as checked Parquet with every column that the dataset has."""
    newest = dataset_queries.newest(dataset)
    columns = [column["name"] for column in newest.columns] if newest else []
    texts = (
        frozenset(c["name"] for c in newest.columns if c["type"] == "string")
        if newest
        else frozenset({"key"})
    )
    source = folder / "rows.jsonl"
    n_bytes = 0
    with source.open("w", encoding="utf-8") as file:
        for event_at, _, key, row in taken:
            values = json.loads(row) if isinstance(row, str) else row
            whole = {
                "key": key,
                "event_at": event_at.astimezone(UTC).replace(tzinfo=None).isoformat(" "),
                **dict.fromkeys(name for name in columns if name not in OWN),
                **values,
            }
            n_bytes += file.write(json.dumps(whole, ensure_ascii=False) + "\n")
    if n_bytes > limits().max_bytes:
        raise TooLarge("The rows that wait are larger than one upload may be.")
    return tables.convert(
        source,
        source.name,
        folder / "rows.parquet",
        limits=limits(),
        reading=Reading(keep_text=texts | {"key"}),
    )
