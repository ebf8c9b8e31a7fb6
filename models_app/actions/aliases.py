"""Aliases: movable names of versions, such as champion. Called by all doors."""

import re

from django.db import transaction

from mlregistry.accounts.actor import Actor
from mlregistry.accounts.audit import record
from mlregistry.accounts.models import Role
from mlregistry.errors import Invalid, NotFound
from models_app.actions.gates import pass_gate
from models_app.actions.news import tell
from models_app.models import Alias, AwaitedAlias, ModelVersion, RegisteredModel
from models_app.queries.gates import WAITS, obstacles_to_alias

NAME = re.compile(r"[\w-]+")
LONGEST_NAME = 255
LIKE_A_NUMBER = re.compile(r"[vV]\d+")
RESERVED = frozenset({"latest"})


def set_alias(model: RegisteredModel, name: str, version: ModelVersion, *, why: str = "", by: Actor) -> Alias:
    """Points the alias at this version, away from the one it pointed at before.

    A guarded alias moves only to a version whose newest tests passed: Conflict otherwise, unless an owner says `why`.
    """
    _check_target(model, name, version, by)
    with transaction.atomic():
        RegisteredModel.objects.select_for_update().get(pk=model.pk)
        pass_gate(obstacles_to_alias(name, version), version, alias=name, why=why, by=by)
        return point_alias(model, name, version, by=by)


def set_or_await(model: RegisteredModel, name: str, version: ModelVersion, *, by: Actor) -> Alias | None:
    """Sets the alias; where the version's tests are yet to come, it waits for them and moves when they pass (None)."""
    _check_target(model, name, version, by)
    if obstacles_to_alias(name, version).state != WAITS:
        return set_alias(model, name, version, by=by)
    with transaction.atomic():
        AwaitedAlias.objects.update_or_create(
            model=model, name=name, defaults={"version": version, "asked_by": by.user}
        )
        record(by, "alias.await", model, alias=name, version=version.number)
    return None


def point_alias(model: RegisteredModel, name: str, version: ModelVersion, *, by: Actor) -> Alias:
    """The move itself, for callers that have passed the gate."""
    with transaction.atomic():
        RegisteredModel.objects.select_for_update().get(pk=model.pk)
        former = (
            Alias.objects.filter(model=model, name=name).values_list("version__number", flat=True).first()
        )
        alias, _ = Alias.objects.update_or_create(model=model, name=name, defaults={"version": version})
        AwaitedAlias.objects.filter(model=model, name=name).delete()
        record(by, "alias.set", model, alias=name, version=version.number, former=former)
        tell(model, "alias", "created", alias=name, version=str(version.number), by=by)
    return alias


def delete_alias(model: RegisteredModel, name: str, *, missing_ok: bool = False, by: Actor) -> None:
    """Removes the alias; the version stays."""
    by.require(Role.EDITOR)
    check_form(name)
    with transaction.atomic():
        n_deleted, _ = Alias.objects.filter(model=model, name=name).delete()
        if not n_deleted and missing_ok:
            return
        if not n_deleted:
            raise NotFound(f"The model “{model.name}” has no alias “{name}”.", field="alias")
        record(by, "alias.delete", model, alias=name)
        tell(model, "alias", "deleted", alias=name, by=by)


def check_form(name: str) -> None:
    """Invalid for a name that no alias can have."""
    if not NAME.fullmatch(name):
        raise Invalid(
            f"Invalid alias name: '{name[:300]}'. An alias is made of letters, digits, hyphens and underscores:"
            " names may only contain alphanumerics, underscores (_), and dashes (-).",
            field="alias",
        )
    if len(name) > LONGEST_NAME:
        raise Invalid(
            f"The alias name exceeds the maximum length of {LONGEST_NAME} characters.", field="alias"
        )


def _check_target(model: RegisteredModel, name: str, version: ModelVersion, by: Actor) -> None:
    by.require(Role.EDITOR)
    _check_name(name)
    if version.model_id != model.pk:
        raise Invalid(f"{version} is no version of “{model.name}”.", field="version")


def _check_name(name: str) -> None:
    check_form(name)
    if name.lower() in RESERVED:
        raise Invalid(f"'{name}' alias name (case insensitive) is reserved.", field="alias")
    if LIKE_A_NUMBER.fullmatch(name):
        raise Invalid(f"Version alias name '{name}' is reserved: it reads like a version.", field="alias")
