"""Create, change, finish, delete and restore runs. Called by every door and by the training worker."""

import datetime
import uuid
from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.utils import timezone

from experiments.models import LIVE, DatasetVersion, Experiment, Lifecycle, Run, RunStatus, RunTag
from mlregistry import one_trip
from mlregistry.accounts import audit
from mlregistry.accounts.actor import Actor
from mlregistry.accounts.models import Role
from mlregistry.errors import Conflict, Invalid, MlregistryError, NotFound
from mlregistry.lib.names import clean_name, clean_text, random_name

from .run_tags import PARENT_TAG, checked_tags

UPDATE = """
SELECT run.*, experiment.is_default AS in_default, experiment.artifact_location AS place
FROM experiments_update_run(
    %(run)s, %(team)s, %(name)s, %(status)s, %(live)s, %(started_at)s, %(ended_at)s, %(user)s, %(via)s,
    %(ends_now)s) AS run
JOIN experiments_experiment AS experiment ON experiment.id = run.experiment_id
"""


def create_run(
    experiment: Experiment,
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
    """A RUNNING run; without a name it gets a readable one. `user_name` is whom the client says it is for."""
    by.require(Role.EDITOR)
    _check_place(experiment, dataset_version, parent)
    given = checked_tags({**(tags or {}), **({PARENT_TAG: parent.pk.hex} if parent else {})})
    run = Run(
        experiment=experiment,
        name=clean_name(name or given.name or random_name(), max_length=500),
        estimator=str((recipe or {}).get("estimator", ""))[:60],
        recipe=recipe,
        problem_id=experiment.problem_id,
        dataset_version=dataset_version,
        parent=parent or _parent(given.parent, by),
        is_baseline=is_baseline,
        started_at=started_at or timezone.now(),
        user_name=clean_text(user_name, field="user_id", max_length=256),
        note=given.note or "",
        timeout_seconds=given.timeout_seconds,
        created_by=by.user,
    )
    tagged = [RunTag(run=run, experiment=experiment, key=key, value=value) for key, value in given.rows]
    one_trip.insert(run, *tagged, audit.line(by, "run.create", run))
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
    Raises NotFound for a run that is not the team's, Conflict for a deleted one. One round trip.
    """
    by.require(Role.EDITOR)
    if status is not None and status not in RunStatus.values:
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
    for changed in Run.objects.raw(UPDATE, values):
        changed.experiment = Experiment(
            pk=changed.experiment_id,
            team=by.team,
            is_default=vars(changed)["in_default"],  # with the run come two columns of its experiment
            artifact_location=vars(changed)["place"],
        )
        return changed
    raise _unchangeable(run_id, by)


def finish_run(
    run: Run, status: str, *, ended_at: datetime.datetime | None = None, error: str = "", by: Actor
) -> Run:
    """End a run as FINISHED, FAILED (with the reason) or KILLED."""
    by.require(Role.EDITOR)
    require_active(run)
    if status not in RunStatus.values or status in LIVE:
        raise Invalid("A run ends as FINISHED, FAILED or KILLED.", field="status")
    _set_status(run, status, ended_at)
    run.error = error
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


def _parent(run_id: uuid.UUID | None, by: Actor) -> Run | None:
    """The parent that a tag names, when it is a run of the team."""
    if run_id is None:
        return None
    return Run.objects.filter(pk=run_id, experiment__team=by.team).only("pk").first()


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


def _set_status(run: Run, status: str, ended_at: datetime.datetime | None) -> None:
    if status not in RunStatus.values:
        raise Invalid(f"The status is one of {', '.join(RunStatus.values)}.", field="status")
    run.status = status
    run.ended_at = None if status in LIVE else (ended_at or run.ended_at or timezone.now())


def _check_place(experiment: Experiment, version: DatasetVersion | None, parent: Run | None) -> None:
    if experiment.lifecycle != Lifecycle.ACTIVE:
        raise Conflict(
            f"The experiment {experiment.pk} must be in the 'active' state. It is deleted; restore it first."
        )
    if version is not None and version.dataset.team_id != experiment.team_id:
        raise Invalid("There is no such dataset version in this team.", field="dataset_version")
    if parent is not None and parent.experiment.team_id != experiment.team_id:
        raise Invalid("There is no such parent run in this team.", field="parent")
