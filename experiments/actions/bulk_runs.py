"""Many runs of an experiment changed at once: deleted, brought back, tagged. Called by the runs table and the API.

All of them or none, in one transaction. A deletion is undone by its moment, which all of its runs share.
"""

import uuid
from collections.abc import Collection
from datetime import datetime

from django.db import connection, transaction
from django.utils import timezone

from experiments.models import Experiment, Lifecycle, Run
from experiments.queries.runs_table import MOST_CHOSEN
from mlregistry.accounts import audit
from mlregistry.accounts.actor import Actor
from mlregistry.accounts.models import AuditEvent, Role
from mlregistry.errors import Conflict, Invalid, NotFound

from .run_tags import MAX_TAG, clean_pair

LISTED = 100
OWN_TAGS = ("mlflow.", "mlregistry.")
SET_TAG = """
INSERT INTO experiments_runtag (run_id, experiment_id, key, value)
SELECT id, %(experiment)s, %(key)s, %(value)s FROM unnest(%(runs)s::uuid[]) AS chosen(id)
ON CONFLICT (run_id, key) DO UPDATE SET value = EXCLUDED.value;
UPDATE experiments_run SET changes = changes + 1 WHERE id = ANY(%(runs)s::uuid[])
"""
REMOVE_TAG = "DELETE FROM experiments_runtag WHERE run_id = ANY(%(runs)s::uuid[]) AND key = %(key)s"


def delete_runs(experiment: Experiment, runs: Collection[uuid.UUID], *, by: Actor) -> tuple[int, datetime]:
    """(how many went, the moment that undoes it); those that were deleted before stay as they are."""
    by.require(Role.EDITOR)
    now = timezone.now()
    with transaction.atomic():
        found = [run for run in _locked(experiment, runs) if run.lifecycle == Lifecycle.ACTIVE]
        _turn(found, Lifecycle.DELETED, now, "run.delete", by)
    return len(found), now


def restore_runs(experiment: Experiment, deleted_at: datetime, *, by: Actor) -> int:
    """Back in sight, all that went at this moment and are still there."""
    by.require(Role.EDITOR)
    if experiment.lifecycle != Lifecycle.ACTIVE:
        raise Conflict("Its experiment is deleted; restore that first.")
    gone = Run.objects.filter(experiment=experiment, lifecycle=Lifecycle.DELETED, deleted_at=deleted_at)
    with transaction.atomic():
        found = list(gone.only("id", "name", "lifecycle").order_by("pk").select_for_update())
        _turn(found, Lifecycle.ACTIVE, None, "run.restore", by)
    return len(found)


def tag_runs(
    experiment: Experiment, runs: Collection[uuid.UUID], key: str, value: str | None, *, by: Actor
) -> int:
    """Set the tag on all of them, or with None take it away. Conflict names a deleted run."""
    by.require(Role.EDITOR)
    name, text = clean_pair(key, "" if value is None else value, "tags", MAX_TAG)
    if name.startswith(OWN_TAGS):
        raise Invalid(f"The tag {name[:100]!r} has a meaning of its own; set it run by run.", field="key")
    with transaction.atomic():
        found = _locked(experiment, runs)
        gone = [run for run in found if run.lifecycle != Lifecycle.ACTIVE]
        if gone:
            raise Conflict(f"The run {gone[0].pk.hex} is deleted; restore it first.", field="runs")
        ids = [str(run.pk) for run in found]
        with connection.cursor() as cursor:
            cursor.execute(
                REMOVE_TAG if value is None else SET_TAG,
                {"experiment": experiment.pk, "key": name, "value": text, "runs": ids},
            )
        listed = [run.pk.hex for run in found[:LISTED]]
        action = "experiment.untag_runs" if value is None else "experiment.tag_runs"
        audit.record(by, action, experiment, key=name, n_runs=len(ids), runs=listed)
    return len(ids)


def _locked(experiment: Experiment, runs: Collection[uuid.UUID]) -> list[Run]:
    """In the order of their ids, so that two who change the same runs take turns."""
    wanted = set(runs)
    if not 1 <= len(wanted) <= MOST_CHOSEN:
        raise Invalid(f"Choose 1 to {MOST_CHOSEN:,} runs.", field="runs")
    rows = Run.objects.filter(experiment=experiment, pk__in=wanted).only("id", "name", "lifecycle")
    found = list(rows.order_by("pk").select_for_update())
    missing = wanted - {run.pk for run in found}
    if missing:
        raise NotFound(f"There is no run {min(missing).hex} in {experiment.name}.", field="runs")
    return found


def _turn(runs: list[Run], lifecycle: Lifecycle, at: datetime | None, action: str, by: Actor) -> None:
    Run.objects.filter(pk__in=[run.pk for run in runs]).update(lifecycle=lifecycle, deleted_at=at)
    AuditEvent.objects.bulk_create([audit.line(by, action, run) for run in runs], batch_size=2_000)
