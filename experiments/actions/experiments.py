"""Create, change, delete and restore experiments. Called by every door."""

from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.utils import timezone

from experiments.models import Experiment, Lifecycle, Problem, Run
from mlregistry.accounts import audit
from mlregistry.accounts.actor import Actor
from mlregistry.accounts.models import Role
from mlregistry.errors import Conflict, Invalid
from mlregistry.lib.names import clean_key, clean_name, clean_text

from .conflicts import unique

DEFAULT_NAME = "Default"
MAX_TAG = 20_000


def create_experiment(
    name: str,
    *,
    problem: Problem | None = None,
    description: str = "",
    tags: Mapping[str, str] | None = None,
    by: Actor,
) -> Experiment:
    """An empty group of runs; a deleted experiment keeps its name."""
    by.require(Role.EDITOR)
    experiment = Experiment(
        team=by.team,
        name=clean_name(name, max_length=500),
        problem=_own(problem, by),
        description=clean_text(description, field="description"),
        tags=_clean_tags(tags or {}),
        created_by=by.user,
    )
    with unique(f"There is an experiment named {experiment.name!r} already (perhaps a deleted one)."):
        experiment.save()
        audit.record(by, "experiment.create", experiment)
    return experiment


def default_experiment(*, by: Actor) -> Experiment:
    """Where runs without an experiment go; made when it is first asked for."""
    found = Experiment.objects.filter(team=by.team, is_default=True).first()
    if found is not None:
        return found
    by.require(Role.EDITOR)
    with transaction.atomic():
        experiment, created = Experiment.objects.get_or_create(
            team=by.team, is_default=True, defaults={"name": DEFAULT_NAME, "created_by": by.user}
        )
        if created:
            audit.record(by, "experiment.create", experiment)
    return experiment


def update_experiment(experiment: Experiment, *, by: Actor, **changes: Any) -> Experiment:
    """Change name, description, problem or tags (which are replaced as a whole)."""
    by.require(Role.EDITOR)
    if experiment.lifecycle != Lifecycle.ACTIVE:
        raise Conflict("The experiment is deleted; restore it first.")
    if "name" in changes:
        experiment.name = clean_name(changes["name"], max_length=500)
    if "description" in changes:
        experiment.description = clean_text(changes["description"], field="description")
    if "problem" in changes:
        experiment.problem = _own(changes["problem"], by)
    if "tags" in changes:
        experiment.tags = _clean_tags(changes["tags"])
    with unique(f"There is an experiment named {experiment.name!r} already (perhaps a deleted one)."):
        experiment.save(update_fields=["name", "description", "problem", "tags", "updated_at"])
        audit.record(by, "experiment.update", experiment, fields=sorted(changes))
    return experiment


def delete_experiment(experiment: Experiment, *, by: Actor) -> Experiment:
    """Out of sight with its runs, until restored; the team's default experiment stays."""
    by.require(Role.EDITOR)
    if experiment.is_default:
        raise Conflict("The default experiment cannot be deleted.")
    return _turn(experiment, Lifecycle.DELETED, "experiment.delete", by=by)


def restore_experiment(experiment: Experiment, *, by: Actor) -> Experiment:
    """Back in sight, with the runs that went with it."""
    by.require(Role.EDITOR)
    return _turn(experiment, Lifecycle.ACTIVE, "experiment.restore", by=by)


def _turn(experiment: Experiment, lifecycle: Lifecycle, action: str, *, by: Actor) -> Experiment:
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
                runs.filter(deleted_at=moment).update(lifecycle=lifecycle, deleted_at=None)
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
