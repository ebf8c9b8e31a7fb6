"""Create, change, delete and restore experiments. Called by every door."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote, urlsplit

from django.db import connection, transaction
from django.utils import timezone

from experiments.models import Experiment, Lifecycle, Problem, Run
from mlregistry.accounts import audit
from mlregistry.accounts.actor import Actor
from mlregistry.accounts.models import Role
from mlregistry.errors import AlreadyExists, Conflict, Invalid, NotFound
from mlregistry.lib.names import clean_key, clean_name, clean_text

from .conflicts import unique

DEFAULT_NAME = "Default"
MAX_TAG = 20_000
LONGEST_LOCATION = 2048
HOST_SCHEMES = frozenset({"http", "https", "ftp", "sftp", "ws", "wss"})


def create_experiment(
    name: str,
    *,
    problem: Problem | None = None,
    description: str = "",
    tags: Mapping[str, str] | None = None,
    artifact_location: str = "",
    by: Actor,
) -> Experiment:
    """An empty group of runs; a deleted experiment keeps its name.

    `artifact_location` is a place where clients put files themselves; without it this server keeps them.
    """
    by.require(Role.EDITOR)
    if name == DEFAULT_NAME:
        default_experiment(by=by)  # has this name, also before anybody asked for it
    experiment = Experiment(
        team=by.team,
        name=clean_name(name, max_length=500),
        problem=_own(problem, by),
        description=clean_text(description, field="description"),
        tags=_clean_tags(tags or {}),
        artifact_location=artifact_location and clean_location(artifact_location),
        created_by=by.user,
    )
    try:
        with unique(f"Experiment(name={experiment.name}) already exists."):
            experiment.save()
            audit.record(by, "experiment.create", experiment)
    except AlreadyExists as error:
        raise _taken(experiment.name, error, by) from error
    return experiment


def default_experiment(*, by: Actor) -> Experiment:
    """Where runs without an experiment go; made when it is first asked for, by whomever."""
    found = Experiment.objects.filter(team=by.team, is_default=True).first()
    if found is not None:
        return found
    with transaction.atomic():
        experiment, created = Experiment.objects.get_or_create(
            team=by.team, is_default=True, defaults={"name": DEFAULT_NAME, "created_by": by.user}
        )
        if created:  # as old as its team, whoever asked for it when, so that it is listed before the others
            since = by.team.created_at
            Experiment.objects.filter(pk=experiment.pk).update(created_at=since, updated_at=since)
            audit.record(by, "experiment.create", experiment)
            experiment.refresh_from_db(fields=["created_at", "updated_at"])
    return experiment


def update_experiment(experiment: Experiment, *, by: Actor, **changes: Any) -> Experiment:
    """Change name, description, problem or tags (which are replaced as a whole)."""
    by.require(Role.EDITOR)
    _require_active(experiment)
    if "name" in changes:
        experiment.name = clean_name(changes["name"], max_length=500)
    if "description" in changes:
        experiment.description = clean_text(changes["description"], field="description")
    if "problem" in changes:
        experiment.problem = _own(changes["problem"], by)
    if "tags" in changes:
        experiment.tags = _clean_tags(changes["tags"])
    try:
        with unique(f"Experiment(name={experiment.name}) already exists."):
            experiment.save(update_fields=["name", "description", "problem", "tags", "updated_at"])
            audit.record(by, "experiment.update", experiment, fields=sorted(changes))
    except AlreadyExists as error:
        raise _taken(experiment.name, error, by) from error
    return experiment


def delete_experiment(experiment: Experiment, *, even_default: bool = False, by: Actor) -> Experiment:
    """Out of sight with its runs, until restored; the team's default experiment stays unless it is meant too."""
    by.require(Role.EDITOR)
    if experiment.is_default and not even_default:
        raise Conflict("The default experiment cannot be deleted.")
    return _turn(experiment, Lifecycle.DELETED, "experiment.delete", by=by)


def restore_experiment(experiment: Experiment, *, every_run: bool = False, by: Actor) -> Experiment:
    """Back in sight, with the runs that went with it, or with those deleted before it too."""
    by.require(Role.EDITOR)
    return _turn(experiment, Lifecycle.ACTIVE, "experiment.restore", every_run=every_run, by=by)


def set_tag(experiment: Experiment, key: str, value: str, *, by: Actor) -> None:
    """Add or overwrite one tag, whatever others write at the same time."""
    by.require(Role.EDITOR)
    _require_active(experiment)
    pair = [clean_key(key, field="key"), clean_text(value, field="value", max_length=MAX_TAG)]
    _update_tags("tags || jsonb_build_object(%s::text, %s::text)", pair, experiment)


def delete_tag(experiment: Experiment, key: str, *, by: Actor) -> None:
    """NotFound when there is no such tag."""
    by.require(Role.EDITOR)
    _require_active(experiment)
    if key not in experiment.tags:
        raise NotFound(f"No tag with name: {key} in the experiment {experiment.name!r}.", field="key")
    _update_tags("tags - %s::text", [key], experiment)


def clean_location(uri: str) -> str:
    """A place that clients can write to by themselves: a path or a URI of a store, never a web server."""
    parts = urlsplit(clean_text(uri, field="artifact_location", max_length=LONGEST_LOCATION))
    if parts.scheme in HOST_SCHEMES or parts.scheme == "runs":
        raise Invalid(
            f"'artifact_location' cannot use the '{parts.scheme}' scheme: artifacts are not kept there.",
            field="artifact_location",
        )
    if parts.fragment or ";" in uri or (parts.query and parts.scheme in ("", "mlflow-artifacts")):
        raise Invalid("'artifact_location' URL can't include fragments or params.", field="artifact_location")
    if ".." in unquote(unquote(parts.path)).split("/"):
        raise Invalid("The location may not hold '..'.", field="artifact_location")
    place, mark, query = uri.partition("?")
    return f"{place.rstrip('/') or place}{mark}{query}"


def _taken(name: str, error: AlreadyExists, by: Actor) -> AlreadyExists:
    """Says so when it is the trash that keeps the name, and how to get at it."""
    deleted = Experiment.objects.filter(team=by.team, name=name, lifecycle=Lifecycle.DELETED).first()
    if deleted is None:
        return error
    return AlreadyExists(
        f"Experiment(name={name}) already exists, but it is deleted: restore experiment {deleted.pk}, or purge"
        " it from the trash to free the name.",
        field="name",
        details=[f"experiment {deleted.pk} is deleted"],
    )


def _require_active(experiment: Experiment) -> None:
    if experiment.lifecycle != Lifecycle.ACTIVE:
        raise Conflict(
            f"The experiment {experiment.pk} must be in the 'active' state. It is deleted; restore it first."
        )


def _update_tags(change: str, values: list[str], experiment: Experiment) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE experiments_experiment SET tags = {change}, updated_at = now() WHERE id = %s",  # noqa: S608  # texts of this file
            [*values, experiment.pk],
        )


def _turn(
    experiment: Experiment, lifecycle: Lifecycle, action: str, *, every_run: bool = False, by: Actor
) -> Experiment:
    """Once more is no error. Runs share the moment of deletion with it, so restoring finds them."""
    with transaction.atomic():
        locked = Experiment.objects.select_for_update().get(pk=experiment.pk)
        if locked.lifecycle != lifecycle:
            deleted = lifecycle == Lifecycle.DELETED
            moment = timezone.now() if deleted else locked.updated_at
            runs = Run.objects.filter(experiment=locked)
            if deleted:
                runs.filter(lifecycle=Lifecycle.ACTIVE).update(lifecycle=lifecycle, deleted_at=moment)
            else:
                back = runs if every_run else runs.filter(deleted_at=moment)
                back.update(lifecycle=lifecycle, deleted_at=None)
            Experiment.objects.filter(pk=locked.pk).update(
                lifecycle=lifecycle, updated_at=moment if deleted else timezone.now()
            )
            audit.record(by, action, experiment)
    experiment.refresh_from_db(fields=["lifecycle", "updated_at"])
    return experiment


def _clean_tags(tags: Mapping[str, str]) -> dict[str, str]:
    if not isinstance(tags, Mapping):
        raise Invalid("Tags are an object of names and texts.", field="tags")
    return {
        clean_key(key, field="tags"): clean_text(value, field=f"tags.{key}", max_length=MAX_TAG)
        for key, value in tags.items()
    }


def _own(problem: Problem | None, by: Actor) -> Problem | None:
    if problem is not None and problem.team_id != by.team.pk:
        raise Invalid(f"There is no such problem in {by.team.name}.", field="problem")
    return problem
