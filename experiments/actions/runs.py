"""Create, change, finish, delete and restore runs. Called by every door and by the training worker."""

import datetime
import json
import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from django.db import connection, transaction
from django.utils import timezone

from experiments.models import LIVE, DatasetVersion, Experiment, Lifecycle, Run, RunStatus
from mlregistry.accounts import audit
from mlregistry.accounts.actor import Actor
from mlregistry.accounts.models import Role
from mlregistry.errors import Conflict, Invalid, MlregistryError, NotFound
from mlregistry.lib import tag_names
from mlregistry.lib.names import clean_name, clean_text, random_name
from mlregistry.lib.time_ordered import time_ordered_uuid
from mlregistry.sql_rows import fetched

from .run_tags import checked_tags

CREATE = """
SELECT * FROM experiments_create_run(
    %(id)s, %(team)s, %(experiment)s, %(name)s, %(started_at)s, %(user_name)s, %(note)s, %(timeout_seconds)s,
    %(parent_id)s, %(estimator)s, %(recipe)s, %(is_baseline)s, %(dataset_version_id)s,
    %(tag_keys)s, %(tag_values)s, %(created_by_id)s, %(via)s)
"""
UPDATE = """
SELECT run.id, run.experiment_id, run.name, run.status, run.lifecycle, run.user_name, run.started_at,
       run.ended_at, experiment.id, experiment.artifact_location, experiment.lifecycle, experiment.is_default
FROM experiments_update_run(
    %(run)s, %(team)s, %(name)s, %(status)s, %(live)s, %(started_at)s, %(ended_at)s, %(user)s, %(via)s,
    %(ends_now)s) AS run
JOIN experiments_experiment AS experiment ON experiment.id = run.experiment_id
"""
ALL = tuple(field.attname for field in Run._meta.concrete_fields)
FRESH: dict[str, Any] = {
    "status": RunStatus.RUNNING, "lifecycle": Lifecycle.ACTIVE, "error": "", "changes": 0, "timed_out": False,
    "name_untagged": False, "signature": None, "input_example": None, "job_id": None, "ended_at": None,
    "deleted_at": None,
}  # fmt: skip
STATUSES = frozenset(RunStatus.values)
# In the order of the models' fields, as from_db wants them.
UPDATED = ("id", "experiment_id", "name", "status", "lifecycle", "user_name", "started_at", "ended_at")
PLACE = ("id", "artifact_location", "lifecycle", "is_default")


def create_run(
    experiment: Experiment | int | None,
    *,
    name: str = "",
    recipe: dict[str, Any] | None = None,
    dataset_version: DatasetVersion | None = None,
    parent: Run | None = None,
    is_baseline: bool = False,
    started_at: datetime.datetime | None = None,
    user_name: str = "",
    tags: Mapping[str, str] | None = None,
    by: Actor,
) -> Run:
    """A RUNNING run; without a name it gets a readable one. `user_name` is whom the client says it is for.

    The experiment may be named by its id, None for the team's default one: it is found in the same round trip.
    Raises NotFound for one that is not the team's, Conflict for a deleted one.
    """
    by.require(Role.EDITOR)
    if dataset_version is not None and dataset_version.dataset.team_id != by.team.pk:
        raise Invalid("There is no such dataset version in this team.", field="dataset_version")
    if parent is not None and parent.experiment.team_id != by.team.pk:
        raise Invalid("There is no such parent run in this team.", field="parent")
    given = checked_tags({**(tags or {}), **({tag_names.PARENT_RUN: parent.pk.hex} if parent else {})})
    now = timezone.now()
    columns = {
        **FRESH,
        "id": time_ordered_uuid(),
        "name": clean_name(name or given.name or random_name(), max_length=500),
        "estimator": str((recipe or {}).get("estimator", ""))[:60],
        "is_baseline": is_baseline,
        "recipe": recipe,
        "warnings": [],
        "note": given.note or "",
        "dataset_version_id": dataset_version.pk if dataset_version else None,
        "parent_id": given.parent,
        "created_by_id": by.user.pk if by.user else None,
        "user_name": clean_text(user_name, field="user_id", max_length=256),
        "active_at": now,
        "timeout_seconds": given.timeout_seconds,
        "started_at": started_at or now,
    }
    return _inserted(columns, given.rows, experiment, by)


def _inserted(
    columns: dict[str, Any], tags: Sequence[tuple[str, str]], experiment: Experiment | int | None, by: Actor
) -> Run:
    """The run with these columns, stored, and the place it lies in."""
    recipe = columns["recipe"]
    values = {
        **columns,
        "recipe": None if recipe is None else json.dumps(recipe),
        "team": by.team.pk,
        "experiment": experiment.pk if isinstance(experiment, Experiment) else experiment,
        "tag_keys": [key for key, _ in tags] or None,
        "tag_values": [value for _, value in tags] or None,
        "via": by.via,
    }
    found = fetched(CREATE, values)
    if not found:
        raise NotFound(
            f"There is no experiment {values['experiment'] or ''}".rstrip() + f" in {by.team.name}."
        )
    *place, problem_id, parent_id = found[0]
    if place[PLACE.index("lifecycle")] != Lifecycle.ACTIVE:
        raise Conflict(
            f"The experiment {place[0]} must be in the 'active' state. It is deleted; restore it first."
        )
    columns |= {"experiment_id": place[0], "problem_id": problem_id, "parent_id": parent_id}
    run = Run.from_db(connection.alias, ALL, [columns[name] for name in ALL])
    return _placed(run, experiment, place, by)


def _placed(run: Run, experiment: Experiment | int | None, place: Sequence[Any], by: Actor) -> Run:
    """With its experiment beside it: the one that is there, or what is known of it."""
    if not isinstance(experiment, Experiment):
        experiment = Experiment.from_db(connection.alias, PLACE, place)
        experiment.team = by.team
    run.experiment = experiment
    return run


def update_run(
    run: Run | uuid.UUID,
    *,
    name: str | None = None,
    status: str | None = None,
    started_at: datetime.datetime | None = None,
    ended_at: datetime.datetime | None = None,
    ends_now: bool = True,
    by: Actor,
) -> Run:
    """Change what is given; a run that ended may be taken up again, as MLflow allows.

    A run that ends without `ended_at` ends now; without `ends_now` its end is what is given, or unknown.
    Raises NotFound for a run that is not the team's, Conflict for a deleted one. One round trip; of what is
    not in UPDATED the result knows nothing until it is asked for.
    """
    by.require(Role.EDITOR)
    if status is not None and status not in STATUSES:
        raise Invalid(f"The status is one of {', '.join(RunStatus.values)}.", field="status")
    run_id = run if isinstance(run, uuid.UUID) else run.pk
    values = {
        "run": run_id,
        "name": None if name is None else clean_name(name, max_length=500),
        "status": status,
        "live": status in LIVE if status else None,
        "started_at": started_at,
        "ended_at": ended_at,
        "team": by.team.pk,
        "user": by.user.pk if by.user else None,
        "via": by.via,
        "ends_now": ends_now,
    }
    found = fetched(UPDATE, values)
    if not found:
        raise _unchangeable(run_id, by)
    changed = Run.from_db(connection.alias, UPDATED, found[0][: len(UPDATED)])
    return _placed(changed, None, found[0][len(UPDATED) :], by)


def finish_run(
    run: Run, status: str, *, ended_at: datetime.datetime | None = None, error: str = "", by: Actor
) -> Run:
    """End a run as FINISHED, FAILED (with the reason) or KILLED."""
    by.require(Role.EDITOR)
    require_active(run)
    if status not in RunStatus.values or status in LIVE:
        raise Invalid("A run ends as FINISHED, FAILED or KILLED.", field="status")
    run.status, run.error = status, error
    run.ended_at = ended_at or run.ended_at or timezone.now()
    with transaction.atomic():
        run.save(update_fields=["status", "ended_at", "error"])
        audit.record(by, "run.finish", run, status=status)
    return run


def set_note(run: Run, note: str, *, by: Actor) -> Run:
    """What a person wants to remember about the run, as Markdown."""
    by.require(Role.EDITOR)
    require_active(run)
    run.note = clean_text(note, field="note")
    with transaction.atomic():
        run.save(update_fields=["note"])
        audit.record(by, "run.set_note", run)
    return run


def delete_run(run: Run, *, by: Actor) -> Run:
    """Out of sight until restored; once more is no error."""
    by.require(Role.EDITOR)
    return _turn(run, Lifecycle.DELETED, "run.delete", by=by)


def restore_run(run: Run, *, by: Actor) -> Run:
    """Back in sight; its experiment must be there."""
    by.require(Role.EDITOR)
    if run.experiment.lifecycle != Lifecycle.ACTIVE:
        raise Conflict("Its experiment is deleted; restore that first.")
    return _turn(run, Lifecycle.ACTIVE, "run.restore", by=by)


def require_active(run: Run) -> None:
    """Raises Conflict for a deleted run: nothing is written to it."""
    if run.lifecycle != Lifecycle.ACTIVE:
        raise deleted(run.pk)


def _unchangeable(run_id: uuid.UUID, by: Actor) -> MlregistryError:
    if Run.objects.filter(pk=run_id, experiment__team=by.team).exists():
        return deleted(run_id)
    return NotFound(f"Run with id={run_id.hex} not found", field="run_id")


def deleted(run_id: uuid.UUID) -> Conflict:
    """The error for a change of a deleted run."""
    return Conflict(f"The run {run_id.hex} must be in the 'active' state. It is deleted; restore it first.")


def _turn(run: Run, lifecycle: Lifecycle, action: str, *, by: Actor) -> Run:
    with transaction.atomic():
        locked = Run.objects.select_for_update().get(pk=run.pk)
        if locked.lifecycle != lifecycle:
            run.lifecycle = lifecycle
            run.deleted_at = timezone.now() if lifecycle == Lifecycle.DELETED else None
            run.save(update_fields=["lifecycle", "deleted_at"])
            audit.record(by, action, run)
    return run
