"""Registered models: create, update, rename, delete. Called by all doors."""

import re
from collections.abc import Mapping
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import ProtectedError
from django.utils import timezone

from experiments.models import Problem
from mlregistry.accounts.access_changes import access_changed
from mlregistry.accounts.actor import Actor
from mlregistry.accounts.audit import record
from mlregistry.accounts.models import Role
from mlregistry.errors import AlreadyExists, Conflict, Invalid
from mlregistry.lib.names import clean_text
from models_app.actions.alias_moves import note_gone
from models_app.actions.aliases import keep_approved
from models_app.actions.news import tell_created
from models_app.actions.tags import clean_tags
from models_app.models import ModelVersion, RegisteredModel
from models_app.prompts import is_prompt

LONGEST_NAME = 256
FORBIDDEN = re.compile(r"[/:\\\x00-\x1f\x7f\ud800-\udfff]")


def create_model(
    name: str,
    *,
    description: str = "",
    tags: Mapping[str, str] | None = None,
    problem: Problem | None = None,
    by: Actor,
) -> RegisteredModel:
    """A name without versions. Raises Invalid for an unusable name, AlreadyExists for one that is taken."""
    by.require(Role.EDITOR)
    name = checked_name(name)
    _check_problem(problem, by)
    model = RegisteredModel(
        team=by.team,
        name=name,
        description=clean_text(description, field="description"),
        tags=clean_tags(tags or {}),
        problem=problem,
        created_by=by.user,
    )
    try:
        with transaction.atomic():
            model.save(force_insert=True)
            record(by, "model.create", model)
            tell_created(model, by=by)
    except IntegrityError as error:
        raise _taken(model, by) from error
    return model


def found_or_created(name: str, *, problem: Problem | None = None, by: Actor) -> RegisteredModel:
    """The model of this name, created when it is new."""
    model, created = RegisteredModel.objects.get_or_create(
        team=by.team, name=checked_name(name), defaults={"problem": problem, "created_by": by.user}
    )
    if created:
        record(by, "model.create", model)
        tell_created(model, by=by)
    return model


def update_model(
    model: RegisteredModel,
    *,
    description: str | None = None,
    problem: Problem | None = None,
    tags: dict[str, str] | None = None,
    by: Actor,
) -> RegisteredModel:
    """Changes what is given; `rename_model` changes the name."""
    by.require(Role.EDITOR)
    _check_problem(problem, by)
    changes: dict[str, Any] = {"description": description, "problem": problem, "tags": tags}
    changes = {field: value for field, value in changes.items() if value is not None}
    clean_text(changes.get("description", ""), field="description")
    clean_tags(changes.get("tags", {}))
    with transaction.atomic():
        for field, value in changes.items():
            setattr(model, field, value)
        model.save(update_fields=[*changes, "updated_at"])
        record(by, "model.update", model, fields=sorted(changes))
    return model


def rename_model(model: RegisteredModel, new_name: str, *, by: Actor) -> RegisteredModel:
    """Versions, aliases and endpoints go along; clients that know the old name find nothing there."""
    by.require(Role.EDITOR)
    former, model.name = model.name, checked_name(new_name)
    try:
        with transaction.atomic():
            model.save(update_fields=["name", "updated_at"])
            ModelVersion.objects.filter(model=model).update(updated_at=timezone.now())
            record(by, "model.rename", model, former=former)
            access_changed()  # the prediction path names models too
    except IntegrityError as error:
        taken = _taken(model, by)
        model.name = former
        raise taken from error
    return model


def delete_model(model: RegisteredModel, *, by: Actor) -> None:
    """Deletes the model, versions and aliases. Raises Conflict while an endpoint serves one of them."""
    by.require(Role.EDITOR)
    try:
        with transaction.atomic():
            held = list(model.aliases.select_related("model", "version"))
            keep_approved(held)
            note_gone(held, why="The model was deleted.", by=by)
            record(by, "model.delete", model)
            model.delete()
    except ProtectedError as error:
        raise in_use(f"The model “{model.name}”", error) from error


def in_use(what: str, error: ProtectedError) -> Conflict:
    """The database's refusal in words: who still holds the rows."""
    holders = sorted({str(holder) for holder in error.protected_objects})
    return Conflict(
        f"{what} is in use by {', '.join(holders)}. Take it out there first.",
        details=[f"in use by {holder}" for holder in holders],
    )


def checked_name(name: str) -> str:
    """The name as it is, or Invalid."""
    if not name.strip():
        raise Invalid("Missing value for required parameter 'name': the model needs a name.", field="name")
    if len(name) > LONGEST_NAME:
        raise Invalid(f"The name is longer than {LONGEST_NAME} characters.", field="name")
    if FORBIDDEN.search(name):
        raise Invalid(
            f"Invalid model name {name!r}. Names cannot contain '/' or ':', backslashes or control characters.",
            field="name",
        )
    if name == "." or name.startswith(".."):
        raise Invalid(
            f"Invalid value {name!r} for parameter 'name' supplied: it would be read as a folder.",
            field="name",
        )
    return name


def _taken(model: RegisteredModel, by: Actor) -> AlreadyExists:
    found = RegisteredModel.objects.filter(team=by.team, name=model.name).first()
    old = "Prompt" if found is not None and is_prompt(found.tags) else "Registered Model"
    new = "Prompt" if is_prompt(model.tags) else "Registered Model"
    if old != new:
        message = (
            f"Tried to create a {new.lower()} with name {model.name!r}, but the name is already taken by"
        )
        return AlreadyExists(f"{message} a {old.lower()}.", field="name")
    return AlreadyExists(f"{old} (name={model.name}) already exists in {by.team.name}.", field="name")


def _check_problem(problem: Problem | None, by: Actor) -> None:
    if problem is not None and problem.team_id != by.team.pk:
        raise Invalid("The problem belongs to another team.", field="problem")
