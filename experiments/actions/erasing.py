"""Rows that go for good, with all that belongs to them. Called by actions.trash alone, inside its transactions.

What belongs to a row is read from the models' foreign keys, so a new table of runs needs no line here.
"""

import uuid
from collections.abc import Collection
from typing import Any

from django.db import connection
from django.db.models import CASCADE, SET_NULL, ForeignObjectRel, Model

from experiments.models import Artifact, MetricChunk, PurgedRun, Run

CHUNKS_AT_ONCE = 10_000
RUNS_AT_ONCE = 100
DRAIN = """
DELETE FROM experiments_metricchunk WHERE ctid = ANY(ARRAY(
    SELECT ctid FROM experiments_metricchunk WHERE run_id = ANY(%s::uuid[]) LIMIT %s
))
"""


def erase(model: type[Model], keys: Collection[Any]) -> set[int]:
    """Remove the rows with these keys and what hangs on them; returns the ids of files they referred to.

    Histories of runs stay for `drain`, which takes them in pieces.
    """
    files: set[int] = set()
    for relation in _relations(model):
        child, name = _child(relation), relation.field.name
        rows = child._base_manager.filter(**{f"{name}__in": list(keys)})
        if relation.on_delete is SET_NULL:
            rows.update(**{name: None})
        elif relation.on_delete is CASCADE and child is not MetricChunk:
            if child is Artifact:
                files.update(rows.values_list("file_id", flat=True))
            if _relations(child):
                files |= erase(child, list(rows.values_list("pk", flat=True)))
            else:
                rows._raw_delete(rows.db)
    if model is Run:
        PurgedRun.objects.bulk_create([PurgedRun(id=key) for key in keys], ignore_conflicts=True)
    found = model._base_manager.filter(pk__in=list(keys))
    found._raw_delete(found.db)
    return files


def drain() -> int:
    """Remove the histories of runs that are gone, in pieces of their own; returns how many chunks went."""
    n_removed = 0
    while ids := list(PurgedRun.objects.order_by("at").values_list("pk", flat=True)[:RUNS_AT_ONCE]):
        while n_chunks := _drain_some(ids):
            n_removed += n_chunks
        PurgedRun.objects.filter(pk__in=ids).delete()
    return n_removed


def _drain_some(run_ids: list[uuid.UUID]) -> int:
    with connection.cursor() as cursor:
        cursor.execute(DRAIN, [[str(run_id) for run_id in run_ids], CHUNKS_AT_ONCE])
        return int(cursor.rowcount)


def _relations(model: type[Model]) -> list[ForeignObjectRel]:
    fields = model._meta.get_fields(include_hidden=True)
    return [
        one for one in fields if isinstance(one, ForeignObjectRel) and (one.one_to_many or one.one_to_one)
    ]


def _child(relation: ForeignObjectRel) -> type[Model]:
    child = relation.related_model
    assert isinstance(child, type)  # noqa: S101  # a name only while the models are being loaded
    return child
