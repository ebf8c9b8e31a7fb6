"""Registered models: create, update, delete. Called by all doors."""

import re
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import ProtectedError

from experiments.models import Problem
from mlregistry.accounts.actor import Actor
from mlregistry.accounts.audit import record
from mlregistry.accounts.models import Role
from mlregistry.errors import AlreadyExists, Conflict, Invalid
from models_app.models import RegisteredModel

LONGEST_NAME = 256
FORBIDDEN = re.compile(r"[/:\\\x00-\x1f\x7f\ud800-\udfff]")


def create_model(
    name: str, *, description: str = "", problem: Problem | None = None, by: Actor
) -> RegisteredModel:
    """A name without versions. Raises Invalid for an unusable name, AlreadyExists for one that is taken."""
    by.require(Role.EDITOR)
    name = checked_name(name)
    _check_problem(problem, by)
    try:
        with transaction.atomic():
            model = RegisteredModel.objects.create(
                team=by.team, name=name, description=description, problem=problem, created_by=by.user
            )
            record(by, "model.create", model)
    except IntegrityError as error:
        raise AlreadyExists(f"There is already a model “{name}” in {by.team.name}.", field="name") from error
    return model


def update_model(
    model: RegisteredModel,
    *,
    description: str | None = None,
    problem: Problem | None = None,
    tags: dict[str, str] | None = None,
    by: Actor,
) -> RegisteredModel:
    """Changes what is given; the name stays, for endpoints and clients rely on it."""
    by.require(Role.EDITOR)
    _check_problem(problem, by)
    changes: dict[str, Any] = {"description": description, "problem": problem, "tags": tags}
    changes = {field: value for field, value in changes.items() if value is not None}
    with transaction.atomic():
        for field, value in changes.items():
            setattr(model, field, value)
        model.save(update_fields=[*changes, "updated_at"])
        record(by, "model.update", model, fields=sorted(changes))
    return model


def delete_model(model: RegisteredModel, *, by: Actor) -> None:
    """Deletes the model, versions and aliases. Raises Conflict while an endpoint serves one of them."""
    by.require(Role.EDITOR)
    try:
        with transaction.atomic():
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
    """The name without surrounding blanks, or Invalid."""
    name = name.strip()
    if not name:
        raise Invalid("The model needs a name.", field="name")
    if len(name) > LONGEST_NAME:
        raise Invalid(f"The name is longer than {LONGEST_NAME} characters.", field="name")
    if FORBIDDEN.search(name):
        raise Invalid("The name may not contain slashes, colons or control characters.", field="name")
    return name


def _check_problem(problem: Problem | None, by: Actor) -> None:
    if problem is not None and problem.team_id != by.team.pk:
        raise Invalid("The problem belongs to another team.", field="problem")
